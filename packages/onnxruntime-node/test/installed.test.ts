/** The built package as programs reach it: by import, by require, and under onnxruntime-node's name through the hook. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listSupportedBackends } from '@cuvee/onnxruntime-node';
import { deviceOf, providerNames } from '@cuvee/onnxruntime-web/backend';
import { env } from 'onnxruntime-common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identity, plusOne } from './models.js';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const register = join(packageFolder, 'dist', 'register.js');
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cuvee-ort-'));
  writeFileSync(join(folder, 'model.onnx'), plusOne());
  writeFileSync(join(folder, 'strings.onnx'), identity(8));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program in the package's folder, so that its dependencies are found, and gives what it prints as JSON. */
function runs(name: string, program: string, flags: readonly string[] = [], environment: Record<string, string> = {}): unknown {
  const path = join(folder, name);
  writeFileSync(path, program.replaceAll('FOLDER', JSON.stringify(folder)));
  const said = execFileSync(process.execPath, [...flags, path], {
    cwd: packageFolder,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    timeout: 50_000,
  });
  return JSON.parse(said);
}

const body = `
  const session = await InferenceSession.create(FOLDER + '/model.onnx');
  const { y } = await session.run({ x: new Tensor('float32', [1, 2, 3, 4], [1, 4]) });
  console.log(JSON.stringify([[...y.data], y instanceof Tensor, env.versions.node, listSupportedBackends()[0].name]));`;
const expected = [[2, 3, 4, 5], true, env.versions.node, 'cpu'];

test('named imports under the name onnxruntime-node', () => {
  expect(
    runs('a.mjs', `import { InferenceSession, Tensor, env, listSupportedBackends } from 'onnxruntime-node';${body}`, [
      '--import',
      register,
    ]),
  ).toEqual(expected);
});

test('required under the name onnxruntime-node, and from this package’s own', () => {
  const program = (name: string): string =>
    `const { InferenceSession, Tensor, env, listSupportedBackends } = require('${name}');(async () => {${body}})();`;
  expect(runs('b.cjs', program('onnxruntime-node'), ['--import', register])).toEqual(expected);
  expect(runs('c.cjs', program(join(packageFolder, 'dist', 'index.cjs')))).toEqual(expected);
});

test('a model that the CPU device refuses runs on another, in the same call', () => {
  const strings = `
    import { InferenceSession, Tensor } from 'onnxruntime-node';
    const session = await InferenceSession.create(FOLDER + '/strings.onnx');
    const { y } = await session.run({ x: new Tensor('string', ['a', 'b'], [2]) });
    console.log(JSON.stringify(y.data));`;
  expect(runs('d.mjs', strings, ['--import', register])).toEqual(['a', 'b']);
});

test('CUVEE_ORT_DEVICE goes before the provider that the program names', () => {
  const program = `
    import { InferenceSession } from 'onnxruntime-node';
    const created = await InferenceSession.create(FOLDER + '/model.onnx', { executionProviders: ['cpu'] }).then(() => 'created', (e) => e.message);
    console.log(JSON.stringify(created));`;
  expect(runs('e.mjs', program, ['--import', register], { CUVEE_ORT_DEVICE: 'AUTO:CPU' })).toBe('created');
  expect(runs('e.mjs', program, ['--import', register], { CUVEE_ORT_DEVICE: 'NOWHERE' })).toMatch(/NOWHERE/);
});

test('the version that programs read is the package’s', () => {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  expect((env.versions as Record<string, string>).node).toBe(version);
});

test('providers: what is listed is understood', () => {
  for (const { name } of listSupportedBackends()) expect(providerNames).toContain(name);
  expect(['cpu', 'cuda', { name: 'webnn', deviceType: 'npu' }, 'cuvee', 'unheard-of'].map(deviceOf)).toEqual([
    'CPU',
    'GPU',
    'NPU',
    'AUTO',
    'CPU',
  ]);
});
