/** AUTO and MULTI as bytes: what an export holds, what its import does, and how both say what does not suit. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { auto } from '@cuvee/auto';
import { Core, joinBytes, portModel, portTexts, readFrames, writeFrames, type CompiledModel, type DevicePlugin } from '@cuvee/core';
import { multi } from '@cuvee/multi';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { mine, newWorld } from 'cuvee-device-mine';
import { coreWith, infer, listen, pause, until, want, wanted } from './support.js';

const mineAt = (version: string): DevicePlugin => mine('MINE', newWorld(), { version });
const slow = { DEVICE_PROPERTIES: { MINE: { COMPILE_TIME: 60 } } };
/** A CPU that counts what it compiles and what it reads. */
function counted(): { readonly plugin: DevicePlugin; readonly done: string[] } {
  const plugin = cpu();
  const done: string[] = [];
  return {
    done,
    plugin: {
      ...plugin,
      compile: (...given) => (done.push('compile'), plugin.compile(...given)),
      load: (...given) => (done.push('load'), (plugin.load as NonNullable<typeof plugin.load>)(...given)),
    },
  };
}
const ports = (compiled: CompiledModel): unknown =>
  [...compiled.inputs, ...compiled.outputs].map((p) => [p.anyName, p.elementType, p.partialShape.toString()]);

describe('an exported AUTO', () => {
  it('is what its only device wrote, without the model', async () => {
    const { plugin, done } = counted();
    const core = new Core({ plugins: [auto(), plugin] });
    const blob = core.compileModelSync(wanted, 'AUTO:CPU').exportModelSync();
    expect(new TextDecoder().decode(blob)).not.toContain('<net');
    done.length = 0;
    const back = core.importModelSync(blob, 'AUTO:CPU');
    expect(done).toEqual(['load']);
    expect(ports(back)).toEqual(ports(core.compileModelSync(wanted, 'CPU')));
    expect((await infer(back, 3)).values).toEqual(want(3));
    expect(back.exportModelSync()).toEqual(blob);
  });
  it.each(['AUTO:REFERENCE', 'MULTI:REFERENCE', 'AUTO:CPU', 'MULTI:CPU,REFERENCE'])(
    '%s does not need the memory that it came in',
    async (device) => {
      const core = new Core({ plugins: [auto(), multi(), cpu(), reference()] });
      const blob = core.compileModelSync(wanted, device).exportModelSync();
      const back = core.importModelSync(blob, device);
      blob.fill(0xff);
      for (const x of [1, 2, 3, 4]) {
        const { values } = await infer(back, x);
        want(x).forEach((w, i) => expect(values[i]).toBeCloseTo(w, 5));
      }
    },
  );
  it('written before the hand-over, serves at once on what was compiled, and hands over', async () => {
    const { plugin, done } = counted();
    const core = new Core({ plugins: [auto(), plugin, mine('MINE', newWorld())] });
    const first = await core.compileModel(wanted, 'AUTO:MINE,CPU', slow);
    const blob = await first.exportModel();
    first.release();
    done.length = 0;
    const heard = listen();
    const back = await core.importModel(blob, 'AUTO:MINE,CPU', slow);
    expect([back.executionDevices, done]).toEqual([['CPU'], ['load']]);
    expect((await infer(back, 1)).values).toEqual(want(1));
    await until(() => back.executionDevices[0] === 'MINE');
    expect((await infer(back, 2)).values).toEqual(want(2));
    expect(heard.events).toEqual(['selected CPU', 'switched CPU -> MINE']);
    heard.stop();
  });
  it('compiles with what it was compiled with, where it compiles anew', async () => {
    const given: unknown[] = [];
    const plugin = cpu();
    const watched: DevicePlugin = {
      ...plugin,
      compile: (model, config, options) => (given.push(config.EXECUTION_MODE_HINT), plugin.compile(model, config, options)),
    };
    const world = newWorld();
    const core = new Core({ plugins: [auto(), watched, mine('MINE', world)] });
    const first = await core.compileModel(wanted, 'AUTO:MINE,CPU', { EXECUTION_MODE_HINT: 'ACCURACY', ENABLE_STARTUP_FALLBACK: false });
    const back = await core.importModel(await first.exportModel(), 'AUTO:MINE,CPU');
    given.length = 0;
    world.lostUntil = Number.POSITIVE_INFINITY;
    expect((await infer(back, 3)).device).toBe('CPU');
    expect(given).toEqual(['ACCURACY']);
  });
  it('has the model for devices in reserve: a loss costs its import nothing', async () => {
    const world = newWorld();
    const core = coreWith(mine('MINE', world));
    const config = { ENABLE_STARTUP_FALLBACK: false };
    const back = await core.importModel(await (await core.compileModel(wanted, 'AUTO:MINE,CPU', config)).exportModel(), 'AUTO:MINE,CPU');
    expect((await infer(back)).device).toBe('MINE');
    world.lostUntil = Number.POSITIVE_INFINITY;
    expect(await infer(back, 4)).toEqual({ values: want(4), device: 'CPU' });
  });
  it('says all that differs: devices, versions, properties', async () => {
    const core = coreWith(mineAt('1.0.0'));
    const of = async (device: string, config: object = {}): Promise<Uint8Array> =>
      (await core.compileModel(wanted, device, config as never)).exportModel();
    const refused = (blob: Uint8Array, device: string, here: Core, config: object = {}): Promise<unknown> =>
      here.importModel(blob, device, config as never).then(
        () => 'imported',
        (error: { message: string; code: string }) => `${error.code} ${error.message}`,
      );
    expect(await refused(await of('AUTO:CPU'), 'AUTO:MINE', core)).toMatch(/MODEL_INVALID .*it runs on CPU, here are MINE/);
    expect(await refused(await of('AUTO:CPU'), 'MULTI:CPU', core)).toMatch(/is not one that device MULTI exported/);
    const newer = new Core({ plugins: [auto(), { ...cpu(), version: '9.9.9' }] });
    expect(
      await refused(await of('AUTO:CPU', { PERFORMANCE_HINT: 'LATENCY' }), 'AUTO:CPU', newer, { PERFORMANCE_HINT: 'THROUGHPUT' }),
    ).toMatch(/CPU had version [\d.]+, here it is 9\.9\.9; PERFORMANCE_HINT was "LATENCY", here it is "THROUGHPUT"/);
  });
  it('does not believe a text that is none, whatever its checksum says', async () => {
    const core = coreWith();
    const kind = { magic: 'CUVAUTO_', version: 1, device: 'AUTO' };
    const { content, pieces } = readFrames(kind, core.compileModelSync(wanted, 'AUTO:CPU').exportModelSync());
    const text = content as Record<string, unknown>;
    const other = portModel({ ...portTexts(wanted), inputs: [] });
    const lies: readonly [object, readonly Uint8Array[]][] = [
      [{ ...text, wrote: ['GPU'] }, pieces],
      [{ ...text, wrote: ['CPU', 'CPU'] }, [...pieces, ...pieces]],
      [{ ...text, seals: [{ device: 3 }] }, pieces],
      [{ ...text, model: true }, pieces],
      [{ ...text, ports: { ...portTexts(wanted), inputs: [{ type: 'f33' }] } }, pieces],
      [{ ...text, ports: portTexts(other) }, pieces],
      [{ ...text, wrote: [], model: true }, [new TextEncoder().encode('<net>'), new Uint8Array(0)]],
      [[], []],
    ];
    for (const [lie, bytes] of lies)
      await expect(core.importModel(joinBytes(writeFrames(kind, lie, bytes)), 'AUTO:CPU'), JSON.stringify(lie)).rejects.toMatchObject({
        code: 'MODEL_INVALID',
      });
  });
});

describe('an exported MULTI', () => {
  it('is what each device wrote, and the model for those that cannot', async () => {
    const { plugin, done } = counted();
    const core = new Core({ plugins: [multi(), plugin, mine('MINE', newWorld(), { keeps: () => true })] });
    const device = 'MULTI:CPU(1),MINE(1)';
    const blob = await (await core.compileModel(wanted, device)).exportModel();
    done.length = 0;
    const back = await core.importModel(blob, device);
    expect(done.sort()).toEqual(['compile', 'load']); // MINE's kernels are compiled anew
    expect([...back.executionDevices].sort()).toEqual(['CPU', 'MINE']);
    const all = await Promise.all(Array.from({ length: 12 }, (_, i) => infer(back, i)));
    all.forEach(({ values }, i) => values.forEach((v, k) => expect(v).toBeCloseTo(want(i)[k] as number, 5)));
    expect(new Set(all.map((a) => a.device)).size).toBe(2);
  });
});

describe('a device that writes and reads by promises', () => {
  it('has its models in CACHE_DIR all the same; the synchronous way leaves them there', async () => {
    const plugin = cpu();
    let loads = 0;
    const late: DevicePlugin = {
      ...plugin,
      async compile(...given) {
        const made = await plugin.compile(...given);
        const written = [...(made.save?.() as Iterable<Uint8Array>)];
        const save = async function* () {
          await pause(1);
          yield* written;
        };
        return Object.assign(made, { save });
      },
      async load(...given) {
        await pause(1);
        loads++;
        return (plugin.load as NonNullable<typeof plugin.load>)(...given);
      },
    };
    const CACHE_DIR = mkdtempSync(join(tmpdir(), 'cuvee-late-'));
    try {
      const core = new Core({ plugins: [late] });
      for (const cached of [false, true]) {
        using compiled = await core.compileModel(wanted, 'CPU', { CACHE_DIR });
        expect(compiled.getProperty('LOADED_FROM_CACHE')).toBe(cached);
        expect((await infer(compiled, 7)).values).toEqual(want(7));
      }
      expect(loads).toBe(1);
      const atOnce = new Core({ plugins: [{ ...late, compile: plugin.compile }] });
      using compiled = atOnce.compileModelSync(wanted, 'CPU', { CACHE_DIR });
      expect(compiled.getProperty('LOADED_FROM_CACHE')).toBe(false);
      using again = await core.compileModel(wanted, 'CPU', { CACHE_DIR });
      expect(again.getProperty('LOADED_FROM_CACHE')).toBe(true);
    } finally {
      rmSync(CACHE_DIR, { recursive: true });
    }
  });
});
