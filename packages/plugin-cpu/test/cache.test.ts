/** CACHE_DIR: the second compilation of the same content loads; a cache may only cost or save time. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { builder, Core, Model, saveModelSync, Tensor } from '@cuvee/core';
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
});
