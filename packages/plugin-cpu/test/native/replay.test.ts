import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { encodePlan } from '../../src/plan/encode.js';
import type { Plan } from '../../src/plan/plan.js';
import { NativeModel, type NativeTensor } from '../../src/native.js';
import { addon, bytesOf, chain, copy, dim, dynamic, floats, input, output, plan, step, tensor } from './plans.js';

// CUVEE_NATIVE_TEST names another build of the binary, one with sanitizers.
const binary = process.env['CUVEE_NATIVE_TEST'] ?? fileURLToPath(new URL('../../build/cuvee_native_test', import.meta.url));
// CUVEE_REPLAY_DIR keeps the files.
const folder = process.env['CUVEE_REPLAY_DIR'] ?? mkdtempSync(join(tmpdir(), 'cuvee-replay-'));
afterAll(() => {
  if (!process.env['CUVEE_REPLAY_DIR']) rmSync(folder, { recursive: true });
});

/** A file for `cuvee_native_test replay`: the plan, its inputs, and the outputs that the addon gives on one thread. */
function record(name: string, p: Plan, shapes: readonly (readonly NativeTensor[])[]): string {
  const parts: Uint8Array[] = [];
  const u32 = (x: number) => parts.push(bytesOf(Uint32Array.of(x)));
  const block = (bytes: Uint8Array) => parts.push(bytesOf(BigUint64Array.of(BigInt(bytes.length))), bytes);
  const { bytes, constants } = encodePlan(p);
  const request = new NativeModel(addon, bytes, constants, { threads: 1 }).createRequest();
  block(bytes);
  u32(constants.length);
  constants.forEach(block);
  u32(shapes.length);
  for (const inputs of shapes) {
    const outputs = request.runSync(inputs);
    u32(inputs.length);
    for (const { data, dims } of inputs) {
      u32(dims.length);
      parts.push(bytesOf(BigInt64Array.from(dims, BigInt)));
      block(ArrayBuffer.isView(data) ? bytesOf(data) : new Uint8Array(data));
    }
    u32(outputs.length);
    for (const o of outputs) block(new Uint8Array(o.buffer as ArrayBuffer, 0, o.bytes).slice());
  }
  const path = join(folder, `${name}.replay`);
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

const body = plan({
  tensors: [tensor(input(0), [0, 1]), tensor(output(0), [0, 1])],
  inputs: [0],
  outputs: [1],
  levels: [[copy(0, 1)]],
  bindings: [[dim(0, 0, 0), dim(0, 1, 1)]],
});
const ints = (...values: number[]) => values.map((int) => ({ int }));
/** Concatenates the rows of x [a, b] in reverse. */
const loop = plan({
  tensors: [tensor(input(0), [0, 1]), tensor(dynamic, [2, 1]), tensor(output(0), [2, 1])],
  inputs: [0],
  outputs: [2],
  levels: [[step('loop', [-1, -1, 0], [1], { plans: [0], args: ints(1, -1, 2, 0, -1, 0, -1, 0, -1, 1, 0, 0, 1) })], [copy(1, 2)]],
  bindings: [[dim(0, 0, 0), dim(0, 1, 1)], [dim(1, 0, 2)]],
  plans: [body],
});

describe.runIf(existsSync(binary))('the native binary replays plans with four requests at a time', () => {
  it.each([
    [
      'chain',
      chain(20),
      [
        [3, 5],
        [300, 700],
        [1, 1],
        [2, 9],
        [64, 64],
      ],
    ],
    [
      'loop',
      loop,
      [
        [3, 5],
        [50, 700],
        [0, 4],
        [9, 2],
      ],
    ],
  ] as const)('%s', (name, p, shapes) => {
    const path = record(
      name,
      p,
      shapes.map((dims) => [{ data: floats(dims[0] * dims[1]), dims }]),
    );
    const { status, stdout, stderr } = spawnSync(binary, ['replay', path], { encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe('1 passed, 0 failed, 0 skipped\n');
    expect(status).toBe(0);
  });
});
