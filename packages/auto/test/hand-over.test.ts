/** AUTO over time: one device serves while another compiles, and another when one is lost. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channel } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import type { DevicePlugin, DeviceRequest } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { mine, newWorld } from 'cuvee-device-mine';
import { fake } from '../../core/test/runtime/fake.js';
import { coreWith, failing, infer, input, listen, network, pause, until, valuesOf, want, wanted } from './support.js';

/** The device, with `hears` told of what each run is called with. */
const watching = (device: DevicePlugin, hears: (...run: Parameters<DeviceRequest['run']>) => void): DevicePlugin => ({
  ...device,
  async compile(...asked) {
    const model = await device.compile(...asked);
    return {
      ...model,
      createRequest() {
        const request = model.createRequest();
        return { ...request, run: (...run) => (hears(...run), request.run(...run)) };
      },
    };
  },
});

describe('hand-over', () => {
  it('serves on the CPU while the wanted device compiles, then there; nothing is lost, every result is right', async () => {
    const heard = listen();
    const core = coreWith(mine('MINE', newWorld()));
    const compiled = await core.compileModel(wanted, 'AUTO:MINE,CPU', { DEVICE_PROPERTIES: { MINE: { COMPILE_TIME: 100 } } });
    expect(compiled.executionDevices).toEqual(['CPU']);
    const request = compiled.createInferRequest();
    const devices: string[] = [];
    for (let i = 0; devices.at(-1) !== 'MINE' || i < 20; i++) {
      const { y } = await request.inferAsync([input(i)]);
      devices.push(request.executionDevices.join());
      expect(valuesOf(y)).toEqual(want(i));
      await pause(5);
    }
    expect(devices.lastIndexOf('CPU')).toBeLessThan(devices.indexOf('MINE'));
    expect(heard.events).toEqual(['selected CPU', 'switched CPU -> MINE']);
    expect(compiled.executionDevices).toEqual(['MINE']);
    expect(compiled.explain().summary.CPU).toMatch(/in reserve: .*served until MINE was compiled/);
    heard.stop();
  });
  it('tries the wanted device where nobody waits, before anybody does', async () => {
    const told: (boolean | undefined)[] = [];
    const watched = watching(fake('GPU', { auto: true }), (_, __, { behind }) => told.push(behind));
    const compiled = await coreWith(watched).compileModel(wanted, 'AUTO:GPU,CPU');
    await infer(compiled);
    await until(() => compiled.executionDevices[0] === 'GPU');
    await infer(compiled);
    expect(told).toEqual([true, undefined]);
  });
  it('hands a device memory for outputs that have one shape, from the first run on', async () => {
    const given: (readonly number[] | undefined)[] = [];
    const watched = watching({ ...cpu(), name: 'GPU' }, (_, outputs) => given.push(outputs[0]?.shape));
    const one = network();
    one.reshape([1, 8]);
    for (const model of [one, wanted]) {
      const compiled = await coreWith(watched).compileModel(model, 'AUTO:GPU,CPU', { ENABLE_STARTUP_FALLBACK: false });
      const request = compiled.createInferRequest();
      for (const seed of [1, 2]) expect(valuesOf((await request.inferAsync([input(seed)])).y)).toEqual(want(seed));
    }
    expect(given).toEqual([[1, 8], [1, 8], undefined, [1, 8]]);
  });
  it('stays on the CPU when the wanted device cannot, and takes the next wanted', async () => {
    const gpu = failing('GPU', 'OUT_OF_MEMORY');
    const heard = listen();
    const compiled = await coreWith(gpu, fake('NPU', { auto: true })).compileModel(wanted, 'AUTO:GPU,NPU,CPU');
    expect((await infer(compiled)).device).toBe('CPU');
    await until(() => compiled.executionDevices[0] === 'NPU');
    expect(heard.events).toEqual(['selected CPU', 'lost GPU', 'selected NPU'].map((e) => e.replace('selected NPU', 'switched CPU -> NPU')));
    heard.stop();
  });
  it('answers the synchronous API by the CPU when the wanted device only promises', async () => {
    const core = coreWith(mine('MINE', newWorld()));
    const config = { DEVICE_PROPERTIES_MINE: { ASYNC_ONLY: true } };
    const compiled = core.compileModelSync(wanted, 'AUTO:MINE,CPU', config);
    const request = compiled.createInferRequest();
    expect(valuesOf(request.infer([input(1)]).y)).toEqual(want(1));
    await until(() => compiled.executionDevices[0] === 'MINE');
    // MINE runs asynchronously only: the CPU comes back for those who cannot wait
    expect(valuesOf(request.infer([input(2)]).y)).toEqual(want(2));
    expect(request.executionDevices).toEqual(['CPU']);
    await request.inferAsync([input(3)]);
    expect(request.executionDevices).toEqual(['MINE']);
  });
  it('is off with ENABLE_STARTUP_FALLBACK', async () => {
    const heard = listen();
    const core = coreWith(mine('MINE', newWorld()));
    const compiled = await core.compileModel(wanted, 'AUTO:MINE,CPU', { ENABLE_STARTUP_FALLBACK: false });
    expect(heard.events).toEqual(['selected MINE']);
    expect((await infer(compiled)).device).toBe('MINE');
    heard.stop();
  });
  it('is not needed where the cache holds the model for the wanted device', async () => {
    const CACHE_DIR = mkdtempSync(join(tmpdir(), 'cuvee-auto-'));
    const silicon = (): DevicePlugin => ({ ...cpu(), name: 'GPU' });
    const heard = listen();
    try {
      using first = await coreWith(silicon()).compileModel(wanted, 'AUTO:GPU,CPU', { CACHE_DIR });
      expect(first.getProperty('LOADED_FROM_CACHE')).toBe(false);
      await infer(first);
      await until(() => heard.events.includes('switched CPU -> GPU'));
      heard.events.length = 0;
      using second = await coreWith(silicon()).compileModel(wanted, 'AUTO:GPU,CPU', { CACHE_DIR });
      expect((await infer(second, 3)).values).toEqual(want(3));
      expect(heard.events).toEqual(['selected GPU']);
      expect(second.getProperty('LOADED_FROM_CACHE')).toBe(true);
    } finally {
      heard.stop();
      rmSync(CACHE_DIR, { recursive: true });
    }
  });
  it('frees the helper and, released in the middle, everything', async () => {
    const world = newWorld();
    const compiled = await coreWith(mine('MINE', world)).compileModel(wanted, 'AUTO:MINE,CPU', {
      DEVICE_PROPERTIES: { MINE: { COMPILE_TIME: 40 } },
    });
    await infer(compiled);
    compiled.release();
    await pause(80);
    expect(world.models.size).toBe(0);
    expect(() => compiled.createInferRequest()).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }));
  });
});

describe('loss', () => {
  it('repeats the inference on the next device: the caller sees its result, and an event', async () => {
    const heard = listen();
    const world = newWorld();
    const config = { ENABLE_STARTUP_FALLBACK: false, DEVICE_PROPERTIES: { MINE: { FAIL_AFTER: 2, FAIL_COUNT: 1, RETURN_AFTER: 150 } } };
    const compiled = await coreWith(mine('MINE', world)).compileModel(wanted, 'AUTO:MINE,CPU', config);
    const request = compiled.createInferRequest();
    const served: string[] = [];
    for (let i = 0; i < 4; i++) {
      expect(valuesOf((await request.inferAsync([input(i)])).y)).toEqual(want(i));
      served.push(request.executionDevices.join());
    }
    expect(served).toEqual(['MINE', 'MINE', 'CPU', 'CPU']);
    expect(heard.events).toEqual(['selected MINE', 'lost MINE', 'selected CPU', 'fallback MINE -> CPU']);
    expect(heard.messages[1]?.error).toMatchObject({ code: 'DEVICE_LOST' });
    // and goes back when the device is there again
    await pause(160);
    await until(() => {
      void infer(compiled);
      return compiled.executionDevices[0] === 'MINE';
    });
    expect(heard.events.at(-1)).toBe('switched CPU -> MINE');
    heard.stop();
  });
  it('is one clear error when no device is left, and over when one returns', async () => {
    const worlds = [newWorld(), newWorld()] as const;
    const core = coreWith(mine('ONE', worlds[0]), mine('TWO', worlds[1]));
    const compiled = await core.compileModel(wanted, 'AUTO:ONE,TWO');
    for (const world of worlds) world.lostUntil = Number.POSITIVE_INFINITY;
    await expect(infer(compiled)).rejects.toMatchObject({
      code: 'DEVICE_LOST',
      message: expect.stringMatching(/no device is left for "network": ONE: .*; TWO: /),
    });
    for (const world of worlds) world.lostUntil = 0;
    expect((await infer(compiled, 5)).values).toEqual(want(5));
  });
  it('is the caller’s with ENABLE_RUNTIME_FALLBACK off; the device is tried again', async () => {
    const world = newWorld();
    const config = { ENABLE_STARTUP_FALLBACK: false, ENABLE_RUNTIME_FALLBACK: 'NO' };
    const compiled = await coreWith(mine('MINE', world), fake('GPU')).compileModel(wanted, 'AUTO:MINE,CPU', {
      ...config,
      CUVEE_RUN_DEADLINE_MS: 5000,
    });
    world.lostUntil = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 2; i++) await expect(infer(compiled)).rejects.toMatchObject({ code: 'DEVICE_LOST' });
    world.lostUntil = 0;
    expect((await infer(compiled)).device).toBe('MINE');
  });
  it('counts a device that does not answer in time, and any other failure is the caller’s', async () => {
    const hang = { FAILURE: 'HANG', FAIL_AFTER: 0, FAIL_COUNT: 1 };
    const compiled = await coreWith(mine('MINE', newWorld())).compileModel(wanted, 'AUTO:MINE,CPU', {
      ENABLE_STARTUP_FALLBACK: false,
      CUVEE_RUN_DEADLINE_MS: 50,
      DEVICE_PROPERTIES: { MINE: hang },
    });
    const { device, values } = await infer(compiled, 3);
    expect([device, values]).toEqual(['CPU', want(3)]);
    const broken = await coreWith(mine('MINE', newWorld())).compileModel(wanted, 'AUTO:MINE,CPU', {
      ENABLE_STARTUP_FALLBACK: false,
      DEVICE_PROPERTIES: { MINE: { FAILURE: 'ERROR', FAIL_AFTER: 0, FAIL_COUNT: 1 } },
    });
    await expect(infer(broken)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect((await infer(broken, 4)).device).toBe('MINE');
  });
  it('does not lose a device that answered while the event loop stood still', async () => {
    const compiled = coreWith().compileModelSync(wanted, 'AUTO:CPU', { CUVEE_RUN_DEADLINE_MS: 30 });
    const heard = listen();
    const run = infer(compiled, 6);
    await Promise.resolve(); // it began
    for (const until = performance.now() + 80; performance.now() < until; );
    expect((await run).values).toEqual(want(6));
    expect(heard.events).toEqual([]);
    heard.stop();
  });
  it('repeats synchronous inferences too', () => {
    const compiled = coreWith(mine('MINE', newWorld())).compileModelSync(wanted, 'AUTO:MINE,CPU', {
      ENABLE_STARTUP_FALLBACK: false,
      DEVICE_PROPERTIES: { MINE: { FAIL_AFTER: 1, RETURN_AFTER: 10_000 } },
    });
    const heard = listen();
    const request = compiled.createInferRequest();
    const served = [1, 2, 3].map((i) => {
      expect(valuesOf(request.infer([input(i)]).y)).toEqual(want(i));
      return request.executionDevices.join();
    });
    expect(served).toEqual(['MINE', 'CPU', 'CPU']);
    expect(heard.events).toEqual(['lost MINE', 'selected CPU', 'fallback MINE -> CPU']);
    heard.stop();
  });
  it('of a device that comes and goes is met ever more rarely', async () => {
    const config = { ENABLE_STARTUP_FALLBACK: false, DEVICE_PROPERTIES: { MINE: { FAIL_AFTER: 3 } } };
    const compiled = await coreWith(mine('MINE', newWorld())).compileModel(wanted, 'AUTO:MINE,CPU', config);
    const lostAt: number[] = [];
    const note = (): void => void lostAt.push(performance.now());
    channel('cuvee:lost').subscribe(note);
    for (const since = performance.now(); lostAt.length < 4 && performance.now() - since < 5000; await pause(2)) await infer(compiled);
    channel('cuvee:lost').unsubscribe(note);
    const [one = 0, two = 0, three = 0, four = 0] = lostAt;
    expect(two - one).toBeGreaterThan(99);
    expect(three - two).toBeGreaterThan(199);
    expect(four - three).toBeGreaterThan(399);
  });
  it('is told, too, where the requests are those of the only device', async () => {
    const compiled = await coreWith(mine('MINE', newWorld())).compileModel(wanted, 'AUTO:MINE', {
      DEVICE_PROPERTIES: { MINE: { FAIL_AFTER: 0, FAIL_COUNT: 1 } },
    });
    const heard = listen();
    await expect(infer(compiled)).rejects.toMatchObject({ code: 'DEVICE_LOST' });
    await infer(compiled);
    expect(heard.messages).toMatchObject([{ kind: 'lost', by: 'AUTO', device: 'MINE', model: 'network' }]);
    heard.stop();
  });
});
