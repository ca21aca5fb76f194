/** Small models as files and as graphs, and what the suites share. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { builder, type CuveeError, Model, saveModelSync } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { addon as ov } from '@cuvee/openvino-node';

export { ov };

/** Device CPU from the sources, as discovery would find it from an installed package. */
export const newCore = () => new ov.Core({ plugins: [cpu(), reference()] });

const folder = mkdtempSync(join(tmpdir(), 'cuvee-openvino-node-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
export const temporary = (name: string): string => join(folder, name);

/** `fc_out` [N,10] = data [1,3,32,32] · weights: a graph called `test_model`. */
export function classifier(): Model {
  const g = builder();
  const data = g.parameter('f32', '1,3,32,32', 'data');
  data.names = ['data'];
  const weights = g.constant(
    'f32',
    [3072, 10],
    Float32Array.from({ length: 30720 }, (_, i) => ((i * 37) % 101) / 1010 - 0.05),
  );
  const y = g.matMul(g.reshape(data, g.constant('i64', [2], [-1n, 3072n]), {}), weights);
  y.names = ['fc_out'];
  return new Model({ name: 'test_model', parameters: [data.node], results: [g.result(y)], scope: g.scope });
}
/** `relu` [1,3,32,32] of `data`. */
export function relu(shape = '1,3,32,32'): Model {
  const g = builder();
  const data = g.parameter('f32', shape, 'data');
  data.names = ['data'];
  const y = g.relu(data);
  y.names = ['relu'];
  return new Model({ name: 'relu_model', parameters: [data.node], results: [g.result(y)], scope: g.scope });
}
/** `difference` = a - b, both f32 [2]. */
export function subtract(): Model {
  const g = builder();
  const [a, b] = [g.parameter('f32', '2', 'a'), g.parameter('f32', '2', 'b')];
  [a.names, b.names] = [['a'], ['b']];
  const y = g.subtract(a, b);
  y.names = ['difference'];
  return new Model({ name: 'subtract', parameters: [a.node, b.node], results: [g.result(y)], scope: g.scope });
}

/** The classifier as files. */
export const xml = temporary('test_model.xml');
export const bin = temporary('test_model.bin');
saveModelSync(classifier(), xml, false);
export const xmlText = (): string => readFileSync(xml, 'utf8');
export const xmlBytes = (): Uint8Array => new Uint8Array(readFileSync(xml));
export const binBytes = (): Uint8Array => new Uint8Array(readFileSync(bin));

/** Numbers between 0.5 and 1.5, the same in each run. */
export const picture = (length = 3072): Float32Array => Float32Array.from({ length }, (_, i) => 0.5 + ((i * 7919) % 1000) / 1000);

/** What a call throws at once, as programs see it: `Error: text`. */
export function thrown(work: () => unknown): Error & { code?: string } {
  try {
    const answer = work();
    if (answer instanceof Promise) answer.catch(() => undefined);
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
export const codeOf = (work: () => unknown): string | undefined => (thrown(work) as CuveeError).code;
/** The text of a call with wrong parameters. */
export const signatures = (method: string, given: string, allowed: readonly string[]): string =>
  `'${method}' method called with incorrect parameters.\nProvided signature: (${given}) \nAllowed signatures:\n${allowed.map((a) => `- (${a})\n`).join('')}`;
