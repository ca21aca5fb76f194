/** CACHE_DIR: the second compilation of the same content loads; a cache may only cost or save time. */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { builder, Core, Literal, Model, saveModelSync, Tensor } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';

const folder = mkdtempSync(join(tmpdir(), 'cuvee-cache-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let n = 0;
const fresh = (): string => join(folder, `cache${n++}`);

function scaled(by: number, name = 'scaled'): Model {
  const g = builder();
  const x = g.parameter('f32', '?,2', 'x');
  const y = g.multiply(x, g.constant('f32', [2], [by, by + 1]));
  return new Model({ name, parameters: [x.node], results: [g.result(y, 'y')], scope: g.scope });
}
const core = () => new Core({ plugins: [cpu()] });
const run = (compiled: ReturnType<Core['compileModelSync']>): number[] => [
  ...(Object.values(compiled.createInferRequest().infer([new Tensor('f32', [1, 2], Float32Array.of(1, 2))]))[0]?.data as Float32Array),
];

describe('CACHE_DIR', () => {
  it('is taken by a core, by a device and by one compilation', () => {
    const [everywhere, device, once] = [fresh(), fresh(), fresh()];
    const own = core();
    own.setProperty({ CACHE_DIR: everywhere });
    expect([own.getProperty('CACHE_DIR'), own.getProperty('CPU', 'CACHE_DIR')]).toEqual([everywhere, everywhere]);
    own.compileModelSync(scaled(2), 'CPU');
    own.setProperty('CPU', { CACHE_DIR: device });
    expect(own.getProperty('CPU', 'CACHE_DIR')).toBe(device);
    own.compileModelSync(scaled(2), 'CPU');
    own.compileModelSync(scaled(2), 'CPU', { CACHE_DIR: once });
    expect([everywhere, device, once].map((path) => readdirSync(path).length)).toEqual([1, 1, 1]);
  });

  it('the second time loads, however the model comes; other contents and configurations do not', () => {
    const CACHE_DIR = fresh();
    const path = join(folder, 'model.xml');
    saveModelSync(scaled(3), path, false);
    const ways: readonly (readonly [string, () => ReturnType<Core['compileModelSync']>, boolean])[] = [
      ['first', () => core().compileModelSync(path, 'CPU', { CACHE_DIR }), false],
      ['again', () => core().compileModelSync(path, 'CPU', { CACHE_DIR }), true],
      ['and again', () => core().compileModelSync(path, 'CPU', { CACHE_DIR }), true],
      ['read before', () => core().compileModelSync(core().readModelSync(path), 'CPU', { CACHE_DIR }), true],
      [
        'from bytes',
        () =>
          core().compileModelSync(core().readModelSync(new Uint8Array(readFileSync(path)), path.replace('xml', 'bin')), 'CPU', {
            CACHE_DIR,
            LOG_LEVEL: 'LOG_NONE',
          }),
        true,
      ],
      ['another configuration', () => core().compileModelSync(path, 'CPU', { CACHE_DIR, NUM_STREAMS: 1 }), false],
      ['another shape', () => core().compileModelSync(core().readModelSync(path).reshape('[1,2]'), 'CPU', { CACHE_DIR }), false],
    ];
    for (const [what, compile, cached] of ways) {
      const compiled = compile();
      expect([what, compiled.getProperty('LOADED_FROM_CACHE')]).toEqual([what, cached]);
      expect(run(compiled)).toEqual([3, 8]);
    }
    saveModelSync(scaled(5), path, false);
    const changed = core().compileModelSync(path, 'CPU', { CACHE_DIR });
    expect([changed.getProperty('LOADED_FROM_CACHE'), run(changed)]).toEqual([false, [5, 12]]);
  });

  it('tells models apart that differ in which of two large constants stands where', () => {
    const CACHE_DIR = fresh();
    const [one, other] = [1, 2].map((by) =>
      Literal.from(
        'f32',
        [2, 100],
        Float32Array.from({ length: 200 }, (_, i) => by * i),
      ),
    ) as [Literal, Literal];
    const model = (last: Literal): Model => {
      const g = builder();
      const x = g.parameter('f32', '1,2', 'x');
      const sum = (literal: Literal) => g.reduceSum(g.constant(literal), g.ints([1]), { keep_dims: false });
      const y = g.add(g.multiply(g.multiply(x, sum(one)), sum(other)), sum(last));
      return new Model({ name: 'three', parameters: [x.node], results: [g.result(y, 'y')], scope: g.scope });
    };
    const [first, second] = [one, other].map((last) => core().compileModelSync(model(last), 'CPU', { CACHE_DIR }));
    expect(first && second && [first, second].map((compiled) => compiled.getProperty('LOADED_FROM_CACHE'))).toEqual([false, false]);
    expect(readdirSync(CACHE_DIR)).toHaveLength(2);
    expect(core().compileModelSync(model(other), 'CPU', { CACHE_DIR }).getProperty('LOADED_FROM_CACHE')).toBe(true);
  });

  it('knows bytes by the same digest at once and beside', () => {
    const { digest, digestLater } = cpu();
    for (const lengths of [[], [0], [1], [1024, 1, 70_000], [300, 5_000_000], [64, 1025, 1_048_576, 7]]) {
      const parts = lengths.map((length, k) => Uint8Array.from({ length }, (_, i) => (i * 7 + k) & 255));
      const summed = digestLater?.(parts);
      expect(summed?.()).toBe(digest?.(parts));
      expect(summed).toThrow('a digest is asked for once');
    }
    for (let i = 0; i < 100; i++) digestLater?.([new Uint8Array(100_000)]); // nobody asks
  });

  it('damaged entries are compiled anew, never run', () => {
    const CACHE_DIR = fresh();
    core().compileModelSync(scaled(4), 'CPU', { CACHE_DIR });
    expect(core().compileModelSync(scaled(4), 'CPU', { CACHE_DIR }).getProperty('LOADED_FROM_CACHE')).toBe(true);
    const [name] = readdirSync(CACHE_DIR);
    const path = join(CACHE_DIR, name as string);
    const whole = readFileSync(path);
    for (let i = 0; i < 100; i++) {
      const damaged = Buffer.from(whole);
      const at = (i * 7919) % whole.length;
      if (i % 2) damaged[at] = (damaged[at] as number) ^ 0xff;
      writeFileSync(path, i % 2 ? damaged : damaged.subarray(0, at));
      const compiled = core().compileModelSync(scaled(4), 'CPU', { CACHE_DIR });
      expect([compiled.getProperty('LOADED_FROM_CACHE'), run(compiled)]).toEqual([false, [4, 10]]);
    }
    expect(core().compileModelSync(scaled(4), 'CPU', { CACHE_DIR }).getProperty('LOADED_FROM_CACHE')).toBe(true);
    expect(readdirSync(CACHE_DIR)).toEqual([name]);
  });

  it('a folder that cannot be made or written costs nothing but the cache', () => {
    const file = join(folder, 'a file');
    writeFileSync(file, '');
    const locked = fresh();
    core().compileModelSync(scaled(6), 'CPU', { CACHE_DIR: locked });
    chmodSync(locked, 0o500);
    for (const CACHE_DIR of [join(file, 'below'), locked])
      expect(run(core().compileModelSync(scaled(7), 'CPU', { CACHE_DIR }))).toEqual([7, 16]);
    chmodSync(locked, 0o700);
    expect(existsSync(join(file, 'below'))).toBe(false);
  });

  it('goes through callbacks on its way to the disk and back', () => {
    const CACHE_DIR = fresh();
    const turned = (by: number) => (bytes: Uint8Array) => bytes.map((b) => b ^ by);
    const compile = (by: number) =>
      core().compileModelSync(scaled(8), 'CPU', { CACHE_DIR, CACHE_ENCRYPTION_CALLBACKS: { encrypt: turned(by), decrypt: turned(by) } });
    expect(compile(90).getProperty('LOADED_FROM_CACHE')).toBe(false);
    expect(readFileSync(join(CACHE_DIR, readdirSync(CACHE_DIR)[0] as string)).includes('CUVBLOB')).toBe(false);
    const again = compile(90);
    expect([again.getProperty('LOADED_FROM_CACHE'), run(again)]).toEqual([true, [8, 18]]);
    // Another key, or none: what lies there is of no use, and no harm.
    const other = compile(91);
    expect([other.getProperty('LOADED_FROM_CACHE'), run(other)]).toEqual([false, [8, 18]]);
    expect(core().compileModelSync(scaled(8), 'CPU', { CACHE_DIR }).getProperty('LOADED_FROM_CACHE')).toBe(false);
    expect(() => core().compileModelSync(scaled(8), 'CPU', { CACHE_DIR, CACHE_ENCRYPTION_CALLBACKS: { encrypt: 7 } as never })).toThrow(
      'must be an object of functions: encrypt, decrypt',
    );
  });

  it('serves large constants from where the file lies, and damage to them is seen', () => {
    const CACHE_DIR = fresh();
    const g = builder();
    const x = g.parameter('f32', '1,4096', 'x');
    const weights = new Float32Array(4096 * 4200); // 69 MB
    for (let i = 0; i < weights.length; i++) weights[i] = (i % 11) - 5;
    const y = g.matMul(x, g.constant('f32', [4096, 4200], weights));
    const model = new Model({ name: 'large', parameters: [x.node], results: [g.result(y, 'y')], scope: g.scope });
    const compile = () => {
      const compiled = core().compileModelSync(model, 'CPU', { CACHE_DIR });
      const [result] = Object.values(compiled.createInferRequest().infer([new Tensor('f32', [1, 4096], new Float32Array(4096).fill(1))]));
      const cached = compiled.getProperty('LOADED_FROM_CACHE');
      compiled.release();
      return { cached, sum: (result?.data as Float32Array).slice(0, 3) };
    };
    const { sum } = compile();
    expect(compile()).toEqual({ cached: true, sum });
    const path = join(CACHE_DIR, readdirSync(CACHE_DIR)[0] as string);
    const fd = openSync(path, 'r+');
    writeSync(fd, Uint8Array.of(77), 0, 1, statSync(path).size - 5000);
    closeSync(fd);
    expect(compile()).toEqual({ cached: false, sum });
  });

  it('leaves weights in their file when asked for size, and sees when the file changes', () => {
    const CACHE_DIR = fresh();
    const path = join(folder, 'heavy.xml');
    const g = builder();
    const x = g.parameter('f32', '1,64', 'x');
    const weights = Float32Array.from({ length: 64 * 512 }, (_, i) => (i % 7) - 3);
    const y = g.matMul(x, g.constant('f32', [64, 512], weights));
    saveModelSync(new Model({ name: 'heavy', parameters: [x.node], results: [g.result(y, 'y')], scope: g.scope }), path, false);
    const compile = (CACHE_MODE: string) => core().compileModelSync(path, 'CPU', { CACHE_DIR, CACHE_MODE });
    const entries = () => readdirSync(CACHE_DIR).filter((name) => name.endsWith('.cuvee'));
    const size = () => Math.min(...entries().map((name) => statSync(join(CACHE_DIR, name)).size));
    const sum = (compiled: ReturnType<Core['compileModelSync']>) =>
      (
        Object.values(compiled.createInferRequest().infer([new Tensor('f32', [1, 64], new Float32Array(64).fill(1))]))[0]
          ?.data as Float32Array
      ).slice(0, 3);
    const wanted = sum(compile('OPTIMIZE_SPEED'));
    expect(size()).toBeGreaterThan(weights.byteLength);
    compile('OPTIMIZE_SIZE');
    expect(size()).toBeLessThan(weights.byteLength / 4);
    const again = compile('OPTIMIZE_SIZE');
    expect([again.getProperty('LOADED_FROM_CACHE'), sum(again)]).toEqual([true, wanted]);
    // The same content under another time of change: the key is the same, the file is not the one that the entry names.
    const bin = path.replace('xml', 'bin');
    copyFileSync(bin, `${bin}.copy`);
    utimesSync(bin, new Date(0), new Date(0));
    const changed = compile('OPTIMIZE_SIZE');
    expect([changed.getProperty('LOADED_FROM_CACHE'), sum(changed)]).toEqual([false, wanted]);
  });

  it('keeps within its limits: the longest unused go, and what is half written for an hour', () => {
    const CACHE_DIR = fresh();
    const compile = (by: number, limits = {}) => core().compileModelSync(scaled(by), 'CPU', { CACHE_DIR, ...limits });
    const entries = () => readdirSync(CACHE_DIR).filter((name) => name.endsWith('.cuvee'));
    compile(20);
    const each = statSync(join(CACHE_DIR, entries()[0] as string)).size;
    const first = join(CACHE_DIR, entries()[0] as string);
    const back = (path: string, seconds: number): void =>
      utimesSync(path, new Date(Date.now() - seconds * 1000), new Date(Date.now() - seconds * 1000));
    back(first, 100);
    compile(21);
    const second = join(CACHE_DIR, entries().find((name) => !first.endsWith(name)) as string);
    back(second, 50);
    // Used again, the first is younger than the second.
    expect(compile(20, { CUVEE_CACHE_LIMIT: Math.round(2.5 * each) }).getProperty('LOADED_FROM_CACHE')).toBe(true);
    writeFileSync(join(CACHE_DIR, 'old.tmp'), 'half');
    writeFileSync(join(CACHE_DIR, 'new.tmp'), 'half');
    back(join(CACHE_DIR, 'old.tmp'), 7200);
    compile(22, { CUVEE_CACHE_LIMIT: Math.round(2.5 * each) });
    expect([existsSync(first), existsSync(second), entries().length]).toEqual([true, false, 2]);
    expect([existsSync(join(CACHE_DIR, 'old.tmp')), existsSync(join(CACHE_DIR, 'new.tmp'))]).toEqual([false, true]);
    back(first, 3 * 86_400);
    compile(23, { CUVEE_CACHE_DAYS: 2 });
    expect([existsSync(first), entries().length]).toEqual([false, 2]);
    // An entry larger than the limit is of use until the next one.
    compile(24, { CUVEE_CACHE_LIMIT: 1 });
    expect(entries().length).toBe(1);
  });
});
