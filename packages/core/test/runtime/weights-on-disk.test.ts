/** Constants of large files refer to the file, and let the memory go that it was read into. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { builder, Core, Literal, Model, saveModelSync } from '@cuvee/core';

const folder = mkdtempSync(join(tmpdir(), 'cuvee-on-disk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Adds a constant of `count` elements, and a small one. */
function write(name: string, count: number): string {
  const g = builder();
  const x = g.parameter('f32', [1], 'x');
  const large = g.constant(
    'f32',
    [count],
    Float32Array.from({ length: count }, (_, i) => i % 97),
  );
  const small = g.constant('f32', [2], [3, 4]);
  const y = g.concat([g.add(x, large), small], { axis: 0 });
  const path = join(folder, `${name}.xml`);
  saveModelSync(new Model({ name, parameters: [x.node], results: [g.result(y)], scope: g.scope }), path, false);
  return path;
}
const literals = (model: Model): Literal[] =>
  model
    .nodes()
    .map((node) => node.attributes['value'])
    .filter((value) => value instanceof Literal);

test('a large file is referred to, a small one is kept', () => {
  const count = 5 * 2 ** 20; // 20 MiB
  const [large, small] = [count, 70_000].map((n) => literals(new Core().readModelSync(write(`of-${n}`, n))));
  const big = large?.find((literal) => literal.size === count);
  expect(big?.source).toMatchObject({ kind: 'file', path: join(folder, `of-${count}.bin`), length: 4 * count });
  expect(Array.from((big?.storage as Float32Array).subarray(95, 99))).toEqual([95, 96, 0, 1]);
  const little = large?.find((literal) => literal.size === 2);
  expect(little?.bytes.buffer.byteLength).toBe(8); // not a view of the whole file
  expect(little?.nd().data).toEqual(Float32Array.of(3, 4));
  expect(small?.map((literal) => literal.source?.kind)).toEqual(['bytes', 'bytes']);
});

test('a file of a model does not count for V8, a small one does, and both hold what was written', () => {
  const [model, tiny] = [70_000, 700].map((n) =>
    literals(new Core().readModelSync(write(`counted-${n}`, n))).find(({ size }) => size === n),
  );
  expect(model?.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(Array.from((model?.storage as Float32Array).subarray(-2))).toEqual([69_998 % 97, 69_999 % 97]);
  expect(tiny?.bytes.buffer).toBeInstanceOf(ArrayBuffer);
  expect(Array.from((tiny?.storage as Float32Array).subarray(-2))).toEqual([698 % 97, 699 % 97]);
});

test('a file that became shorter is an error when its constant is read', () => {
  const count = 5 * 2 ** 20;
  const path = write('shortened', count);
  const big = literals(new Core().readModelSync(path)).find((literal) => literal.size === count);
  writeFileSync(path.replace('.xml', '.bin'), new Uint8Array(8));
  expect(() => big?.bytes).toThrow(/MODEL_INVALID|bytes/);
});
