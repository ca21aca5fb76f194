import { describe, expect, it } from 'vitest';
import { Core, CuveeError, Tensor, type DeviceModel, type ErrorCode } from '@cuvee/core';
import { addOne, fake } from './fake.js';

const failure = (work: () => unknown): { code: string; message: string } => {
  try {
    work();
  } catch (error) {
    if (error instanceof CuveeError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'nothing thrown', message: '' };
};

describe('properties', () => {
  const core = new Core({ plugins: [fake()] });
  const cases: readonly (readonly [what: string, config: Record<string, unknown>, code: ErrorCode, text: string])[] = [
    ['unknown, with a near name', { SPED: 3 }, 'PROPERTY_UNKNOWN', 'device FAKE has no property "SPED"; did you mean SPEED?'],
    ['unknown, with none near', { COLOUR_OF_THE_BOX: 3 }, 'PROPERTY_UNKNOWN', 'has no property "COLOUR_OF_THE_BOX"'],
    ['too large', { SPEED: 10 }, 'PROPERTY_INVALID', 'must be int of at least 1 and at most 9, got 10'],
    ['no number', { SPEED: 'fast' }, 'PROPERTY_INVALID', 'got "fast"'],
    ['a fraction', { SPEED: 1.5 }, 'PROPERTY_INVALID', 'got 1.5'],
    ['undefined', { SPEED: undefined }, 'PROPERTY_INVALID', 'got undefined'],
    ['a word that is none', { MODE: 'WARM' }, 'PROPERTY_INVALID', 'one of HOT, COLD'],
    ['read-only', { SERIAL: 'x' }, 'PROPERTY_INVALID', 'is read-only'],
    ['from the prototype', { toString: 'x' }, 'PROPERTY_UNKNOWN', '"toString"'],
  ];
  it.each(cases)('%s', (_what, config, code, text) => {
    for (const work of [() => core.setProperty('FAKE', config), () => core.compileModelSync(addOne(), 'FAKE', config)]) {
      const got = failure(work);
      expect(got.code).toBe(code);
      expect(got.message).toContain(text);
    }
  });

  it('are read, set, listed, and reach the compiled model', () => {
    const own = new Core({ plugins: [fake()] });
    expect(own.getProperty('FAKE', 'SPEED')).toBe(3);
    own.setProperty('FAKE', { SPEED: '7' });
    expect(own.getProperty('FAKE', 'SPEED')).toBe(7);
    expect(own.getProperty('FAKE', 'SERIAL')).toBe('abc');
    expect(own.getProperty('FAKE', 'FULL_DEVICE_NAME')).toBe('FAKE device');
    expect(own.getProperty('FAKE', 'SUPPORTED_PROPERTIES')).toEqual(
      expect.arrayContaining(['SPEED', 'MODE', 'SERIAL', 'FULL_DEVICE_NAME']),
    );
    expect(failure(() => own.getProperty('FAKE', 'NOPE')).code).toBe('PROPERTY_UNKNOWN');
    const compiled = own.compileModelSync(addOne(), 'FAKE', { MODE: 'cold' });
    expect(compiled.getProperty('SPEED')).toBe(7);
    expect(compiled.getProperty('MODE')).toBe('COLD');
    expect(compiled.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS')).toBe(2);
    expect(compiled.getProperty('NETWORK_NAME')).toBe('addOne');
    expect(compiled.getProperty('SUPPORTED_PROPERTIES')).toContain('MODE');
    const near = failure(() => compiled.getProperty('MOD'));
    expect(near.code).toBe('PROPERTY_UNKNOWN');
    expect(near.message).toContain('MODE');
  });
});

describe('devices', () => {
  const cases: readonly (readonly [text: string, code: ErrorCode, part: string])[] = [
    ['FAK', 'DEVICE_NOT_FOUND', 'did you mean FAKE?'],
    ['GPU', 'DEVICE_NOT_FOUND', 'no plugin provides device GPU'],
    ['FAKE.7', 'DEVICE_NOT_FOUND', 'no device with id "7"'],
    ['GONE', 'DEVICE_NOT_FOUND', 'not present: no driver'],
    ['', 'ARGUMENT_INVALID', 'a device name (A-Z, digits, _) is expected at position 1'],
    ['fake', 'ARGUMENT_INVALID', 'expected at position 1'],
    ['FAKE:', 'ARGUMENT_INVALID', 'expected at position 6'],
    ['FAKE(', 'ARGUMENT_INVALID', 'expected at position 6'],
    ['FAKE(2', 'ARGUMENT_INVALID', '")" is expected'],
    ['FAKE CPU', 'ARGUMENT_INVALID', 'is too much at position 5'],
    ['FAKE,GONE', 'ARGUMENT_INVALID', 'is too much at position 5'],
    ['FAKE:GONE', 'ARGUMENT_INVALID', 'FAKE takes no list of devices'],
    ['FAKE('.repeat(60), 'ARGUMENT_INVALID', 'nested more than 16 deep'],
    ['FAKE('.repeat(20_000), 'ARGUMENT_INVALID', 'nested more than 16 deep'],
  ];
  it.each(cases)('%.40s: %s', (text, code, part) => {
    const core = new Core({ plugins: [fake(), fake('GONE', { devices: () => [{ id: '', absent: 'no driver' }] })] });
    const got = failure(() => core.compileModelSync(addOne(), text));
    expect(got.code).toBe(code);
    expect(got.message).toContain(part);
  });

  it('are registered, listed, and unloaded', async () => {
    const core = new Core({ plugins: [] });
    expect(core.getAvailableDevices()).toEqual([]);
    core.registerPlugin(fake());
    core.registerPlugin(fake('GONE', { devices: () => [{ id: '', absent: 'no driver' }] }));
    core.registerPlugin(
      fake('TWO', {
        devices: () => [
          { id: '0', fullName: 'first' },
          { id: '1', fullName: 'second' },
        ],
      }),
    );
    expect(core.getAvailableDevices()).toEqual(['FAKE', 'TWO.0', 'TWO.1']);
    expect((await core.devices()).find((d) => d.name === 'GONE')?.absent).toBe('no driver');
    expect(core.getVersions('FAKE').FAKE?.buildNumber).toBe('1');
    expect(failure(() => core.registerPlugin(fake())).code).toBe('ARGUMENT_INVALID');
    expect(failure(() => core.registerPlugin(fake('lower'))).code).toBe('ARGUMENT_INVALID');
    core.unloadPlugin('FAKE');
    expect(core.getAvailableDevices()).not.toContain('FAKE');
    expect(failure(() => core.unloadPlugin('FAKE')).code).toBe('DEVICE_NOT_FOUND');
  });

  it('say which nodes they run', () => {
    const core = new Core({
      plugins: [fake('FAKE', { query: (model) => new Map(model.nodes().map((n) => [n, n.op.name === 'Add' ? 'no adder' : true])) })],
    });
    const model = addOne();
    const add = model.nodes().find((n) => n.op.name === 'Add');
    const support = core.queryModel(model, 'FAKE');
    expect(support).toMatchObject({ x: 'FAKE' });
    expect(support).not.toHaveProperty(add?.name ?? '');
  });
});

describe('export and import', () => {
  it('are refused clearly where a device cannot', async () => {
    const core = new Core({ plugins: [fake()] });
    const compiled = core.compileModelSync(addOne(), 'FAKE');
    await expect(compiled.exportModel()).rejects.toMatchObject({ code: 'NOT_IMPLEMENTED' });
    expect(failure(() => compiled.exportModelSync()).code).toBe('NOT_IMPLEMENTED');
    await expect(core.importModel(new Uint8Array(4), 'FAKE')).rejects.toMatchObject({ code: 'NOT_IMPLEMENTED' });
    expect(failure(() => core.importModelSync(new Uint8Array(4), 'FAKE')).code).toBe('NOT_IMPLEMENTED');
    await expect(core.importModel('no such file', 'FAKE')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });

  it('give the bytes of one to the other', async () => {
    const plain = fake('FAKE', { auto: true });
    const saving = (model: DeviceModel): DeviceModel => ({
      ...model,
      async *save() {
        yield Uint8Array.of(1, 2);
        yield Uint8Array.of(3);
      },
    });
    const blobs: Uint8Array[] = [];
    const core = new Core({
      plugins: [
        {
          ...plain,
          compile: (model, config, options) => saving(plain.compile(model, config, options) as DeviceModel),
          load: (blob, config, options) => (
            blobs.push(blob), { ports: addOne(), compiled: plain.compile(addOne(), config, options) as DeviceModel }
          ),
        },
      ],
    });
    const compiled = core.compileModelSync(addOne(), 'FAKE');
    const blob = await compiled.exportModel();
    expect([...blob]).toEqual([1, 2, 3]);
    expect(failure(() => compiled.exportModelSync()).code).toBe('SYNC_UNAVAILABLE');
    const back = core.importModelSync(blob, 'FAKE', { SPEED: 4 });
    expect(blobs).toEqual([blob]);
    expect(back.getProperty('SPEED')).toBe(4);
    const out = await back.createInferRequest().inferAsync({ x: new Tensor('f32', [1, 2], Float32Array.of(4, 5)) });
    expect([...(out.y?.data as Float32Array)]).toEqual([5, 6]);
  });
});
