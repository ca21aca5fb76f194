/** CUVEE_TUNE: layers' kernels are measured once, serve the process, and are kept for later ones. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { builder, Core, Model, Tensor, type Config } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { loadNative, type Addon } from '../src/native.js';
import { tuningOf } from '../src/tuning.js';

const folder = mkdtempSync(join(tmpdir(), 'cuvee-tuning-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const head = `cuvee tuning 1: ${cpus()[0]?.model.trim()}\n`;

/** A 3x3 convolution, one of all pixels, and a product; sizes that no other test has. */
function network(): Model {
  const g = builder();
  const x = g.parameter('f32', '1,37,45,43', 'x');
  const random = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => ((i * 7919) % 1000) / 1000 - 0.5);
  const window = { strides: [1, 1], dilations: [1, 1], pads_begin: [1, 1], pads_end: [1, 1] };
  const a = g.relu(g.convolution(x, g.constant('f32', [52, 37, 3, 3], random(52 * 37 * 9)), window));
  const b = g.convolution(a, g.constant('f32', [70, 52, 1, 1], random(70 * 52)), { ...window, pads_begin: [0, 0], pads_end: [0, 0] });
  const y = g.matMul(b, g.constant('f32', [43, 61], random(43 * 61)));
  return new Model({ name: 'tuned', parameters: [x.node], results: [g.result(y, 'y')], scope: g.scope });
}
const input = new Tensor(
  'f32',
  [1, 37, 45, 43],
  Float32Array.from({ length: 37 * 45 * 43 }, (_, i) => ((i * 31) % 200) / 100 - 1),
);
const core = new Core({ plugins: [cpu()] });
function run(config: Config): { out: Float32Array; measured: unknown; kernels: string[] } {
  const compiled = core.compileModelSync(network(), 'CPU', { INFERENCE_NUM_THREADS: 2, ...config });
  const out = Object.values(compiled.createInferRequest().infer([input]))[0]?.data as Float32Array;
  const { summary, rows } = compiled.explain();
  return { out: out.slice(), measured: summary['kernels measured'], kernels: rows.map((row) => String(row.kernel)) };
}

describe('CUVEE_TUNE', () => {
  it('measures when shapes first come, keeps what it found, and changes results by rounding alone', () => {
    const CACHE_DIR = join(folder, 'cache');
    const before = run({});
    expect(before.measured).toBeUndefined();
    const tuned = run({ CUVEE_TUNE: true, CACHE_DIR });
    expect(tuned.measured).toBe(3);
    const largest = (values: Float32Array): number => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(largest(tuned.out.map((x, i) => x - (before.out[i] as number)))).toBeLessThan(1e-5 * largest(before.out));
    const [name] = readdirSync(CACHE_DIR).filter((n) => n.startsWith('tuned-'));
    const text = readFileSync(join(CACHE_DIR, String(name)), 'utf8');
    expect(text.startsWith(head)).toBe(true);
    expect(text.slice(head.length).trim().split('\n').sort()).toEqual([
      expect.stringMatching(/^\w+,2,conv,1,37,52,\S+ [0-7] [\d.]+ [\d.]+$/),
      expect.stringMatching(/^\w+,2,conv,1,52,70,\S+ [0-7] [\d.]+ [\d.]+$/),
      expect.stringMatching(/^\w+,2,gemm,\S+ [0-7] [\d.]+ [\d.]+$/),
    ]);
    // From now on without being asked, and the same bits.
    const later = run({});
    expect([later.measured, later.kernels]).toEqual([3, tuned.kernels]);
    expect(later.out).toEqual(tuned.out);

    // Another process takes what is kept, and nothing else.
    const native = loadNative();
    if ('absent' in native) return expect.fail(native.absent);
    const garbage = 'no number here\n\nkey -1 2 3\nkey 1\n';
    const code = `const a = require(${JSON.stringify(native.path)}); process.stdout.write(JSON.stringify(a.tuning(Buffer.from(${JSON.stringify(garbage + text.slice(head.length))}))))`;
    const { stdout } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
    const taken = JSON.parse(stdout) as { text: string; learnt: number };
    expect(taken.learnt).toBe(0);
    expect(taken.text).toBe(text.slice(head.length));
    return undefined;
  });

  it('reads a folder once, and only what is of this processor', () => {
    const given: (string | undefined)[] = [];
    const addon = {
      info: () => ({ isa: 'any' }),
      tuning: (bytes?: Uint8Array) => {
        given.push(bytes && new TextDecoder().decode(bytes));
        return { text: 'mine 1 2.0 1.0\n', learnt: 1 };
      },
    } as unknown as Addon;
    const path = join(folder, 'tuned-any.txt');
    writeFileSync(path, `cuvee tuning 1: another one\nother 1 2.0 1.0\n`);
    tuningOf(addon, { CACHE_DIR: folder }).keep();
    expect(given).toEqual([]);
    tuningOf(addon, { CACHE_DIR: folder, CUVEE_TUNE: true }).keep();
    expect(readFileSync(path, 'utf8')).toBe(`${head}mine 1 2.0 1.0\n`);
    given.length = 0;
    tuningOf(addon, { CACHE_DIR: folder });
    expect(given).toEqual([]); // read before
    // A folder that cannot be made costs nothing.
    writeFileSync(join(folder, 'file'), '');
    tuningOf(addon, { CACHE_DIR: join(folder, 'file', 'below'), CUVEE_TUNE: true }).keep();
    expect(existsSync(join(folder, 'file', 'below'))).toBe(false);
  });
});
