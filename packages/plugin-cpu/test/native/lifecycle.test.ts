import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { encodePlan } from '../../src/plan/encode.js';
import { loadNative } from '../../src/native.js';
import { chain, copy, dim, dynamic, input, output, plan, step, tensor } from './plans.js';

const native = loadNative();
const folder = mkdtempSync(join(tmpdir(), 'cuvee-lifecycle-'));
const file = join(folder, 'loop.plan');
afterAll(() => rmSync(folder, { recursive: true }));

// trips, go, x [a, b] -> x, through a loop that carries it along.
const body = plan({
  tensors: [tensor(input(0), [0, 1]), tensor(output(0), [0, 1])],
  inputs: [0],
  outputs: [1],
  levels: [[copy(0, 1)]],
  bindings: [[dim(0, 0, 0), dim(0, 1, 1)]],
});
const ints = (...values: number[]) => values.map((int) => ({ int }));
const loop = plan({
  tensors: [tensor(input(0), [], 'i64'), tensor(input(1), [], 'boolean'), tensor(input(2), [0, 1]), tensor(dynamic, [0, 1])],
  inputs: [0, 1, 2],
  outputs: [3],
  levels: [[step('loop', [0, 1, 2], [3], { plans: [0], args: ints(1, -1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) })]],
  bindings: [[dim(2, 0, 0), dim(2, 1, 1)]],
  plans: [body],
});
writeFileSync(file, encodePlan(loop).bytes);

const child = fileURLToPath(new URL('./lifecycle.child.mjs', import.meta.url));
const run = (scenario: string, planned = file) => {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', child, scenario, 'path' in native ? native.path : '', planned],
    { encoding: 'utf8', timeout: 50_000 },
  );
  return { status, signal, stdout, stderr: stderr.slice(0, 2000) };
};

describe('a process ends cleanly', () => {
  it('by exit with work pending', () => expect(run('exit')).toMatchObject({ status: 7, signal: null, stderr: '' }));
  it('by an error with work pending', () =>
    expect(run('throw')).toMatchObject({ status: 1, signal: null, stderr: expect.stringContaining('thrown on purpose') }));
  it('after what is pending has settled, and not later', () =>
    expect(run('finish')).toMatchObject({ status: 0, signal: null, stdout: 'settled\n', stderr: '' }));
  it('with garbage not yet collected', () => expect(run('garbage')).toMatchObject({ status: 0, signal: null, stderr: '' }));
});

it('large results of a released request are collected soon', () =>
  expect(run('released')).toMatchObject({ status: 0, signal: null, stdout: 'collected\n', stderr: '' }));

it('memory of many requests makes the garbage collector work, that of one does not', () => {
  const passing = join(folder, 'chain.plan');
  writeFileSync(passing, encodePlan(chain(2)).bytes);
  const { status, stdout, stderr } = run('told', passing);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [one, ten] = JSON.parse(stdout) as [number, number];
  expect(one).toBe(0);
  expect(ten).toBeGreaterThan(0);
});

it('a process at rest with models and requests uses no processor time', () => {
  const { status, stdout, stderr } = run('rest');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(Number(stdout), 'microseconds of a second').toBeLessThan(5000);
});

describe('worker threads', () => {
  it('share the addon', () => expect(run('workers')).toMatchObject({ status: 0, signal: null, stdout: 'alive\n', stderr: '' }));
  it('may be terminated at any time', () =>
    expect(run('terminate')).toMatchObject({ status: 0, signal: null, stdout: 'alive\n', stderr: '' }));
});
