/** Class Core, row by row of the API table. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Core } from '@cuvee/core';
import {
  binBytes,
  bin,
  classifier,
  codeOf,
  newCore,
  ov,
  picture,
  relu,
  signatures,
  temporary,
  thrown,
  xml,
  xmlBytes,
  xmlText,
} from './models.js';

const core = newCore();

describe('Core.readModel and readModelSync', () => {
  const weights = () => new ov.Tensor('u8', [binBytes().length], binBytes());
  const ways: readonly (readonly [string, () => readonly unknown[]])[] = [
    ['(path)', () => [xml]],
    ['(path, weightsPath)', () => [xml, bin]],
    ['(xmlText, weightsTensor)', () => [xmlText(), weights()]],
    ['(Uint8Array, Uint8Array)', () => [xmlBytes(), binBytes()]],
    ['(Buffer, Buffer)', () => [readFileSync(xml), readFileSync(bin)]],
    ['(file URL)', () => [new URL(`file://${xml}`)]],
  ];
  it.each(ways)('read %s, at once and later', async (_way, given) => {
    for (const model of [core.readModelSync(...(given() as [string, string?])), await core.readModel(...(given() as [string, string?]))]) {
      expect(model).toBeInstanceOf(ov.Model);
      expect(model.inputs).toHaveLength(1);
      const request = core.compileModelSync(model, 'CPU').createInferRequest();
      expect(request.infer([picture()]).fc_out?.getShape()).toEqual([1, 10]);
    }
  });

  it('readModel also reads Blobs and streams of bytes', async () => {
    const blob = (bytes: Uint8Array) => new Blob([bytes as Uint8Array<ArrayBuffer>]);
    for (const given of [[blob(xmlBytes()), blob(binBytes())] as const, [blob(xmlBytes()).stream(), binBytes()] as const])
      expect((await core.readModel(given[0], given[1])).output().anyName).toBe('fc_out');
    const wrong = new Blob(['x']).stream().pipeThrough(new TextDecoderStream()) as never;
    await expect(core.readModel(wrong)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
  });
  it('readModel stops by a signal', async () => {
    const why = new Error('enough');
    await expect(core.readModel(xml, undefined, { signal: AbortSignal.abort(why) })).rejects.toBe(why);
  });

  const wrong: readonly (readonly [string, readonly unknown[]])[] = [
    ['nothing', []],
    ['a Core', [core]],
    ['a number', [7]],
    ['a number as weights', [xmlBytes(), 5]],
    ['null', [null]],
    ['an ArrayBuffer', [new ArrayBuffer(4)]],
  ];
  it.each(wrong)('throw at once for %s', (_what, given) => {
    const call = (name: 'readModel' | 'readModelSync') => () => (core[name] as (...a: unknown[]) => unknown)(...given);
    expect(thrown(call('readModelSync')).message).toContain("'readModelSync' method called with incorrect parameters.");
    if (!(given[0] instanceof ArrayBuffer))
      expect(thrown(call('readModel')).message).toContain("'readModel' method called with incorrect parameters.");
  });
  it('reject, and throw, for work that fails', async () => {
    await expect(core.readModel(temporary('absent.xml'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect(codeOf(() => core.readModelSync(temporary('absent.xml')))).toBe('FILE_NOT_FOUND');
    await expect(core.readModel('<net', new ov.Tensor('u8', [0]))).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });
});

const compileSignatures = ['string, string', 'Model, string', 'string, string, object', 'Model, string, object'];

describe('Core.compileModel and compileModelSync', () => {
  const throughput = { PERFORMANCE_HINT: 'THROUGHPUT' };
  const ways: readonly (readonly [string, () => Parameters<Core['compileModelSync']>])[] = [
    ['(model, device)', () => [classifier(), 'CPU']],
    ['(model, device, config)', () => [classifier(), 'CPU', throughput]],
    ['(path, device)', () => [xml, 'CPU']],
    ['(path, device, config)', () => [xml, 'CPU', throughput]],
    ['(model, device, {})', () => [classifier(), 'REFERENCE', {}]],
  ];
  it.each(ways)('compile %s, at once and later', async (_way, given) => {
    for (const compiled of [core.compileModelSync(...given()), await core.compileModel(...given())]) {
      expect(compiled).toBeInstanceOf(ov.CompiledModel);
      expect(compiled.output(0).shape).toEqual([1, 10]);
      expect(compiled.inputs).toHaveLength(1);
    }
  });

  const wrong: readonly (readonly [string, readonly unknown[], string])[] = [
    ['(model)', [classifier()], 'object'],
    ['(model, device, text)', [classifier(), 'CPU', 'string'], 'object, string, string'],
    ['(model, number)', [classifier(), 5], 'object, number'],
    ['(number, device)', [5, 'CPU'], 'number, string'],
    ['()', [], ''],
    ['(object, device)', [{}, 'CPU'], 'object, string'],
  ];
  it.each(wrong)('compileModelSync%s throws with the signatures', (_what, given, provided) => {
    const error = thrown(() => (core.compileModelSync as (...a: unknown[]) => unknown)(...given));
    expect(error.message).toBe(signatures('compileModelSync', provided, compileSignatures));
    expect(String(error)).toMatch(/^Error: 'compileModelSync'/);
    expect(error.code).toBe('ARGUMENT_INVALID');
  });
  it.each(wrong)('compileModel%s throws at once, too', (_what, given, provided) => {
    const { message } = thrown(() => (core.compileModel as (...a: unknown[]) => unknown)(...given));
    expect(message).toContain("'compileModel' method called with incorrect parameters.");
    expect(message).toContain(`Provided signature: (${provided})`);
    if (given.length < 2) expect(message).toContain('Invalid number of arguments');
  });
  it('a value of the configuration that is an object throws at once', () => {
    for (const name of ['compileModel', 'compileModelSync'] as const)
      expect(thrown(() => core[name](classifier(), 'CPU', { PERFORMANCE_HINT: throughput })).message).toMatch(/Cannot convert to ov::Any/);
  });
  it('work that fails rejects', async () => {
    await expect(core.compileModel(classifier(), 'NOPE')).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
    await expect(core.compileModel(classifier(), 'CPU', { NOPE: 1 })).rejects.toMatchObject({ code: 'PROPERTY_UNKNOWN' });
  });
  it('a fourth argument stops it and hears of its stages', async () => {
    const why = new Error('enough');
    await expect(core.compileModel(xml, 'CPU', {}, { signal: AbortSignal.abort(why) })).rejects.toBe(why);
    const stages: string[] = [];
    await core.compileModel(xml, 'CPU', {}, { onProgress: ({ stage }) => stages.push(stage) });
    expect(stages).toEqual(['read', 'prepare', 'compile', 'done']);
  });
  it('the model stays as it was', async () => {
    const model = classifier();
    const before = model.getOps().map((n) => n.getName());
    await core.compileModel(model, 'CPU');
    expect(model.getOps().map((n) => n.getName())).toEqual(before);
  });
});

describe('Core.getVersions', () => {
  it('gives build number and description, and a text that is not enumerable', () => {
    const versions = core.getVersions('CPU');
    expect(Object.keys(versions)).toEqual(['CPU']);
    expect(versions.CPU).toEqual({ buildNumber: expect.any(String), description: expect.any(String) });
    expect(Object.keys(versions.CPU as object)).toEqual(['buildNumber', 'description']);
    expect(String(versions.CPU)).toContain(versions.CPU?.buildNumber);
  });
  it('throws without an argument and for what is no text', () => {
    const call = core.getVersions as (...a: unknown[]) => unknown;
    expect(thrown(() => call.call(core)).message).toBe('getVersions() method expects 1 argument of string type.');
    expect(thrown(() => call.call(core, { deviceName: 'CPU' })).message).toBe(
      'The argument in getVersions() method must be a string or convertible to a string.',
    );
    expect(codeOf(() => core.getVersions('NOPE'))).toBe('DEVICE_NOT_FOUND');
  });
});

describe('Core.getAvailableDevices', () => {
  it('lists CPU and takes no argument', () => {
    expect(core.getAvailableDevices()).toContain('CPU');
    expect(thrown(() => (core.getAvailableDevices as (a: unknown) => unknown).call(core, 1)).message).toBe(
      'getAvailableDevices() does not accept any arguments.',
    );
    expect(core.getAvailableFrontEnds()).toContain('ir');
  });
});

describe('Core.queryModel', () => {
  it('gives the device of each operation', () => {
    const model = classifier();
    const answer = core.queryModel(model, 'CPU');
    expect(new Set(Object.values(answer))).toEqual(new Set(['CPU']));
    expect(Object.keys(answer)).toContain('data');
    expect(core.queryModel(model, 'CPU', { NUM_STREAMS: 1 })).toEqual(answer);
  });
  it.each([
    ['()', []],
    ['(text)', ['Unexpected Argument']],
    ['(model)', [relu()]],
    ['(model, text, text)', [relu(), 'arg1', 'arg2']],
  ])('%s throws with the signatures', (_what, given) => {
    expect(thrown(() => (core.queryModel as (...a: unknown[]) => unknown)(...given)).message).toContain(
      "'queryModel' method called with incorrect parameters.",
    );
  });
});

describe('Core.getProperty and setProperty', () => {
  it.each([
    ['NUM_STREAMS', 5, 5],
    ['INFERENCE_NUM_THREADS', 3, 3],
    ['INFERENCE_NUM_THREADS', '2', 2],
    ['INFERENCE_PRECISION_HINT', 'f32', 'F32'],
    ['PERF_COUNT', 'YES', true],
  ])('(device): %s %j reads back as its declared type', (name, value, read) => {
    const own = newCore();
    own.setProperty('CPU', { [name]: value });
    expect(own.getProperty('CPU', name)).toBe(read);
    // More streams than threads mean nothing: a compiled model says what is in force.
    if (name !== 'NUM_STREAMS') expect(own.compileModelSync(relu(), 'CPU').getProperty(name)).toBe(read);
  });
  it('without a device: for every device that knows it', () => {
    const own = newCore();
    own.setProperty({ LOG_LEVEL: 'LOG_ERROR', NUM_STREAMS: 2 });
    expect(own.getProperty('LOG_LEVEL')).toBe('LOG_ERROR');
    expect(own.getProperty('CPU', 'NUM_STREAMS')).toBe(2);
    expect(own.getProperty('CPU', 'LOG_LEVEL')).toBe('LOG_ERROR');
    own.compileModelSync(relu(), 'REFERENCE');
  });
  it('SUPPORTED_PROPERTIES is an array', () => {
    expect(core.getProperty('CPU', 'SUPPORTED_PROPERTIES')).toEqual(expect.arrayContaining(['NUM_STREAMS', 'FULL_DEVICE_NAME']));
  });
  const get = core.getProperty.bind(core) as (...a: unknown[]) => unknown;
  const set = core.setProperty.bind(core) as (...a: unknown[]) => unknown;
  it.each([
    ['getProperty()', () => get(), 'Invalid arguments of get_property function'],
    ['getProperty(1)', () => get(1), 'Invalid arguments of get_property function'],
    ['getProperty("CPU", 1)', () => get('CPU', 1), 'Invalid arguments of get_property function'],
    ['setProperty()', () => set(), 'Properties parameter must be an object'],
    ['setProperty("CPU")', () => set('CPU'), 'Properties parameter must be an object'],
    ['setProperty({}, {})', () => set({}, {}), 'setProperty applies 1 or 2 arguments only'],
    ['setProperty("CPU", {}, {})', () => set('CPU', {}, {}), 'setProperty applies 1 or 2 arguments only'],
    ['setProperty("CPU", nested)', () => set('CPU', { NUM_STREAMS: {} }), 'Cannot convert to ov::Any'],
  ])('%s throws', (_what, call, text) => {
    expect(thrown(call).message).toContain(text);
  });
  it('unknown names throw', () => {
    expect(codeOf(() => get('CPU', 'NOPE'))).toBe('PROPERTY_UNKNOWN');
    expect(codeOf(() => get('NOPE'))).toBe('PROPERTY_UNKNOWN');
    expect(codeOf(() => set({ NOPE: 1 }))).toBe('PROPERTY_UNKNOWN');
    expect(codeOf(() => set('CPU', { FULL_DEVICE_NAME: 'x' }))).toBe('PROPERTY_INVALID');
  });
});

describe('Core.addExtension', () => {
  it('throws without an argument, and for a library that is not there', () => {
    const call = core.addExtension.bind(core) as (...a: unknown[]) => unknown;
    expect(thrown(() => call()).message).toMatch(/addExtension method applies one argument of string type/);
    expect(thrown(() => call(7)).message).toMatch(/addExtension method applies one argument of string type/);
    expect(thrown(() => call('not_exists')).message).toMatch(/Cannot load library 'not_exists'/);
    expect(codeOf(() => call({}))).toBe('ARGUMENT_INVALID');
  });
  it('takes a plugin, a frontend, or the path of a module that exports one', () => {
    const own = new ov.Core({ plugins: [] });
    const plugin = {
      name: 'MINE',
      version: '7',
      properties: {},
      devices: () => [{ id: '', fullName: 'Mine' }],
      query: () => new Map(),
      compile: () => expect.fail(),
    };
    own.addExtension(plugin);
    expect(own.getAvailableDevices()).toEqual(['MINE']);
    own.addExtension({ name: 'mine', formats: ['mine'], accepts: (head) => head[0] === 1, read: () => relu() });
    expect(own.readModelSync(Uint8Array.of(1)).getName()).toBe('relu_model');
    const path = temporary('theirs.cjs');
    writeFileSync(
      path,
      "exports.default = () => ({ name: 'THEIRS', version: '1', properties: {}, devices: () => [{ id: '', fullName: 'x' }], query() {}, compile() {} });",
    );
    own.addExtension(path);
    expect(own.getAvailableDevices()).toEqual(['MINE', 'THEIRS']);
    expect(codeOf(() => own.addExtension(join(path, 'not')))).toBe('PLUGIN_LOAD_FAILED');
  });
});
