/** AUTO: whom it chooses and why. */
import { describe, expect, it } from 'vitest';
import { builder, Model, type CuveeError, type DeviceCosts, type DevicePlugin, type PropertyTable } from '@cuvee/core';
import { mine, newWorld } from 'cuvee-device-mine';
import { fake } from '../../core/test/runtime/fake.js';
import { coreWith, failing, infer, input, listen, pause, until, wanted } from './support.js';

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as CuveeError).code;
  }
  return 'none';
};

describe('the order', () => {
  const speedy = (name: string, flopsPerSecond: number): DevicePlugin => ({
    ...fake(name),
    costs: (): DeviceCosts => ({ flopsPerSecond, launchSeconds: 0, transferBytesPerSecond: 1e9 }),
  });
  const orderOf = (config: object, device: string, ...more: DevicePlugin[]): unknown =>
    coreWith(...more)
      .compileModelSync(wanted, device, config as never)
      .explain().summary.order;

  it('is GPU, NPU, what else is installed, CPU, REFERENCE', () => {
    expect(orderOf({}, 'AUTO', fake('NPU'), fake('THING'), fake('GPU'))).toBe('GPU, NPU, THING, CPU, REFERENCE');
  });
  it('has devices that say that they are slower than the CPU after it', () => {
    expect(orderOf({}, 'AUTO', speedy('SLOW', 1e6), speedy('FAST', 1e14), speedy('FASTER', 1e15))).toBe(
      'FASTER, FAST, CPU, SLOW, REFERENCE',
    );
  });
  it('is the list where there is one; what has a minus is left out', () => {
    expect(orderOf({}, 'AUTO:CPU,GPU', fake('GPU'))).toBe('CPU, GPU');
    expect(orderOf({}, 'AUTO:-CPU', fake('GPU'))).toBe('GPU, REFERENCE');
  });
  it('has every device of a plugin that has several', () => {
    const two = fake('GPU', {
      devices: () => [
        { id: '0', fullName: 'one' },
        { id: '1', fullName: 'two' },
      ],
    });
    expect(orderOf({}, 'AUTO:GPU,CPU', two)).toBe('GPU.0, GPU.1, CPU');
    expect(orderOf({}, 'AUTO:-GPU.0', two)).toBe('GPU.1, CPU, REFERENCE');
  });
  it('puts devices without the precision of the model behind those that have it', () => {
    const half = fake('GPU', { devices: () => [{ id: '', fullName: 'half', capabilities: ['FP16', 'EXPORT_IMPORT'] }] });
    const compiled = coreWith(half).compileModelSync(wanted, 'AUTO:GPU,CPU');
    expect(compiled.explain().summary).toMatchObject({ order: 'CPU, GPU', precision: 'FP32' });
    const [, gpu] = compiled.explain().rows;
    expect(gpu?.place).toMatch(/computes in FP16, the model in FP32/);
    // nobody has it: nothing moves
    const other = fake('NPU', { devices: () => [{ id: '', fullName: 'other', capabilities: ['INT8'] }] });
    expect(orderOf({}, 'AUTO:GPU,NPU', half, other)).toBe('GPU, NPU');
  });
  it('knows the precision of quantised and of half models', () => {
    const g = builder();
    const x = g.parameter('f16', '2,4', 'x');
    const product = g.matMul(x, g.constant('f16', [4, 4], Array(16).fill(1)));
    const model = new Model({ name: 'half', parameters: [x.node], results: [g.result(product)], scope: g.scope });
    expect(coreWith(fake('GPU')).compileModelSync(model, 'AUTO:CPU,GPU').explain().summary.precision).toBe('FP16');
    const q = builder();
    const p = q.parameter('f32', '2,4', 'x');
    const [low, high] = [q.constant('f32', [], [0]), q.constant('f32', [], [1])];
    const quantised = new Model({
      name: 'quantised',
      parameters: [p.node],
      results: [q.result(q.fakeQuantize(p, low, high, low, high, { levels: 256 }))],
      scope: q.scope,
    });
    expect(coreWith(fake('GPU')).compileModelSync(quantised, 'AUTO:CPU,GPU').explain().summary.precision).toBe('INT8');
  });
  it('keeps a model off the device that a more important one uses in the end', async () => {
    const core = coreWith(mine('MINE', newWorld()));
    const config = { MODEL_PRIORITY: 'HIGH', DEVICE_PROPERTIES: { MINE: { MEMORY_LIMIT: 1 } } };
    using important = await core.compileModel(wanted, 'AUTO:MINE,CPU', config);
    const order = (): unknown => {
      using compiled = core.compileModelSync(wanted, 'AUTO:CPU,MINE', { MODEL_PRIORITY: 'LOW' });
      return compiled.explain().summary.order;
    };
    expect(order()).toBe('CPU, MINE'); // it only starts on the CPU
    await infer(important);
    await until(() => /left out/.test(String(important.explain().summary.MINE)));
    expect(order()).toBe('MINE, CPU');
  });
  it('keeps a model off the devices of more important ones, until they are released', () => {
    const core = coreWith(fake('GPU'));
    const order = (MODEL_PRIORITY: string): unknown => {
      using compiled = core.compileModelSync(wanted, 'AUTO:GPU,CPU', { MODEL_PRIORITY });
      return compiled.explain().summary.order;
    };
    const high = core.compileModelSync(wanted, 'AUTO:GPU,CPU', { MODEL_PRIORITY: 'HIGH' });
    expect(order('MEDIUM')).toBe('CPU, GPU');
    expect(order('HIGH')).toBe('GPU, CPU');
    high.release();
    high.release();
    expect(order('LOW')).toBe('GPU, CPU');
    // all taken: nothing moves
    const both = ['GPU', 'CPU'].map((device) => core.compileModelSync(wanted, `AUTO:${device}`, { MODEL_PRIORITY: 'HIGH' }));
    expect(order('LOW')).toBe('GPU, CPU');
    for (const one of both) one.release();
  });
  it('has devices that this process keeps busy behind others', async () => {
    const busy = fake('GPU');
    const core = coreWith(busy);
    const direct = core.compileModelSync(wanted, 'GPU').createInferRequest();
    const config = { DEVICES_UTILIZATION_THRESHOLD: { GPU: 20 } };
    expect(orderWith(core, config)).toBe('GPU, CPU');
    const run = direct.inferAsync([input()]);
    await pause(400);
    expect(orderWith(core, config)).toBe('CPU, GPU');
    expect(orderWith(core, { DEVICES_UTILIZATION_THRESHOLD: { GPU: 99 } })).toBe('GPU, CPU');
    busy.runs[0]?.end();
    await run;
  });
  const orderWith = (core: ReturnType<typeof coreWith>, config: object): unknown => {
    using compiled = core.compileModelSync(wanted, 'AUTO:GPU,CPU', config as never);
    return compiled.explain().summary.order;
  };
});

describe('what a failed compilation means', () => {
  it('a refusal is silent, trouble is told of, and both go on to the next', () => {
    const heard = listen();
    expect(coreWith(failing('GPU', 'MODEL_UNSUPPORTED')).compileModelSync(wanted, 'AUTO:GPU,CPU').executionDevices).toEqual(['CPU']);
    expect(heard.events).toEqual(['selected CPU']);
    for (const code of ['INTERNAL', 'OUT_OF_MEMORY', 'DEVICE_LOST'] as const) {
      heard.events.length = 0;
      using compiled = coreWith(failing('GPU', code)).compileModelSync(wanted, 'AUTO:GPU,CPU');
      expect(compiled.executionDevices).toEqual(['CPU']);
      expect(heard.events).toEqual(['lost GPU', 'selected CPU', 'fallback GPU -> CPU']);
      expect(heard.messages.at(-1)).toMatchObject({
        by: 'AUTO',
        model: wanted.friendlyName,
        reason: expect.stringContaining('GPU says no'),
      });
    }
    heard.stop();
  });
  it('REFERENCE does not hide that a device is broken, but takes what it refuses', () => {
    const only = (code: 'INTERNAL' | 'MODEL_UNSUPPORTED'): ReturnType<typeof coreWith> => coreWith(failing('GPU', code));
    expect(codeOf(() => only('INTERNAL').compileModelSync(wanted, 'AUTO:-CPU'))).toBe('INTERNAL');
    expect(only('MODEL_UNSUPPORTED').compileModelSync(wanted, 'AUTO:-CPU').executionDevices).toEqual(['REFERENCE']);
    expect(only('INTERNAL').compileModelSync(wanted, 'AUTO:GPU,REFERENCE').executionDevices).toEqual(['REFERENCE']);
  });
  it("the caller's mistakes are told at once, on every level, for devices in reserve too", () => {
    const core = coreWith(fake('GPU'));
    const refused = (device: string, config: object): string => codeOf(() => core.compileModelSync(wanted, device, config as never));
    expect(refused('AUTO:CPU,GPU', { NOPE: 1 })).toBe('PROPERTY_UNKNOWN');
    expect(refused('AUTO:CPU,GPU', { DEVICE_PROPERTIES: { GPU: { NOPE: 1 } } })).toBe('PROPERTY_UNKNOWN');
    expect(refused('AUTO:CPU,GPU', { DEVICE_PROPERTIES_GPU: { SPEED: 99 } })).toBe('PROPERTY_INVALID');
    expect(refused('AUTO:CPU', { DEVICE_PROPERTIES: { GPU: { SPEED: 9 } } })).toBe('PROPERTY_INVALID');
    expect(refused('AUTO:HETERO(GPU,CPU),CPU', { DEVICE_PROPERTIES: { GPU: { NOPE: 1 } } })).toBe('PROPERTY_UNKNOWN');
    expect(refused('AUTO:MULTI(GPU,CPU)', { DEVICE_PROPERTIES: { NPU: { SPEED: 1 } } })).toBe('PROPERTY_INVALID');
    expect(refused('AUTO:CPU,HETERO(GPU,CPU)', { DEVICE_PROPERTIES: { GPU: { NOPE: 1 } } })).toBe('PROPERTY_UNKNOWN');
    expect(refused('AUTO:CPU,HETERO(GPU,CPU)', { DEVICE_PROPERTIES: { HETERO: { DEVICE_PROPERTIES: { GPU: { NOPE: 1 } } } } })).toBe(
      'PROPERTY_UNKNOWN',
    );
    for (const [limits, text] of [
      [{ GPU: 101 }, /percentage from 0 to 100 for GPU, got 101/],
      [{ CPU: 'half' }, /for CPU, got "half"/],
      [{ GPV: 50 }, /names GPV, which is not among CPU, GPU; did you mean GPU/],
    ] as const)
      expect(() => core.compileModelSync(wanted, 'AUTO:CPU,GPU', { DEVICES_UTILIZATION_THRESHOLD: limits as never })).toThrow(text);
    expect(() => core.compileModelSync(wanted, 'AUTO:CPU,GPU', { SPEED: 3 } as never)).toThrow(
      'no property "SPEED"; GPU has: DEVICE_PROPERTIES: { GPU: { SPEED: … } }',
    );
  });
  it('and when a model is asked about, or properties are set', () => {
    const core = coreWith(fake('GPU'));
    for (const config of [{ DEVICE_PROPERTIES: { GPU: { NOPE: 1 } } }, { DEVICE_PROPERTIES_GPU: { NOPE: 1 } }]) {
      expect(codeOf(() => core.queryModel(wanted, 'AUTO:CPU,GPU', config))).toBe('PROPERTY_UNKNOWN');
      expect(codeOf(() => core.setProperty('AUTO', config))).toBe('PROPERTY_UNKNOWN');
      expect(codeOf(() => core.setProperty(config))).toBe('PROPERTY_UNKNOWN');
    }
    core.setProperty('AUTO', { DEVICE_PROPERTIES_GPU: { SPEED: 2 } });
    expect(core.getProperty('AUTO', 'DEVICE_PROPERTIES')).toEqual({ GPU: { SPEED: 2 } });
  });
  it.each([
    ['DEVICE_PROPERTIES_GPU', '{"SPEED":'],
    ['DEVICE_PROPERTIES_GPU', '5'],
    ['DEVICE_PROPERTIES', { GPU: 5 }],
    ['DEVICE_PROPERTIES', { GPU: null }],
    ['DEVICE_PROPERTIES', [1]],
    ['device.properties', 'fast'],
  ])('%s: %j is no object of properties', (name, value) => {
    expect(codeOf(() => coreWith(fake('GPU')).compileModelSync(wanted, 'AUTO:GPU', { [name]: value as never }))).toBe('PROPERTY_INVALID');
  });
  it('hands both spellings down, the one with the name first', () => {
    const given: unknown[] = [];
    const gpu = fake('GPU');
    const core = coreWith({ ...gpu, compile: (model, config, options) => (given.push(config), gpu.compile(model, config, options)) });
    core.compileModelSync(wanted, 'AUTO:GPU', {
      DEVICE_PROPERTIES: { GPU: { SPEED: 2, MODE: 'COLD' } },
      DEVICE_PROPERTIES_GPU: { SPEED: 4 },
    });
    core.compileModelSync(wanted, 'AUTO:MULTI(GPU)', { DEVICE_PROPERTIES: '{"GPU":{"SPEED":5}}' });
    core.compileModelSync(wanted, 'AUTO:GPU', {
      'device.properties': { GPU: { SPEED: 1, MODE: 'COLD' } },
      DEVICE_PROPERTIES: { GPU: { SPEED: 6 } },
    });
    core.compileModelSync(wanted, 'AUTO:MULTI(GPU)', {
      DEVICE_PROPERTIES: { MULTI: { DEVICE_PROPERTIES: { GPU: { SPEED: 7 } } }, GPU: { SPEED: 8, MODE: 'COLD' } },
    });
    expect(given).toEqual([{ SPEED: 4, MODE: 'COLD' }, { SPEED: 5 }, { SPEED: 6, MODE: 'COLD' }, { SPEED: 7, MODE: 'COLD' }]);
  });
});

describe('pass-through', () => {
  it('hands out the own requests of the only device', async () => {
    const requests: unknown[] = [];
    const gpu = fake('GPU', { auto: true });
    const compile: DevicePlugin['compile'] = async (...given) => {
      const made = await gpu.compile(...given);
      return { ...made, createRequest: () => (requests.push(made.createRequest()), requests.at(-1) as never) };
    };
    const compiled = await coreWith({ ...gpu, compile }).compileModel(wanted, 'AUTO:GPU');
    const request = compiled.createInferRequest();
    await request.inferAsync([input()]);
    expect(requests).toHaveLength(1);
    expect(compiled.executionDevices).toEqual(['GPU']);
    compiled.release();
    expect(gpu.released).toContain('GPU model');
  });
  it('is what AUTO without a list is where the CPU alone is left', () => {
    const compiled = coreWith().compileModelSync(wanted, 'AUTO');
    expect(compiled.explain().summary).toMatchObject({ device: 'AUTO', REFERENCE: expect.stringContaining('in reserve') });
    expect(compiled.explain().rows[0]).toHaveProperty('kernel');
  });
});

describe('all devices side by side', () => {
  it('spreads by CUMULATIVE_THROUGHPUT, and asks each device for throughput', async () => {
    const given: unknown[] = [];
    const gpu = fake('GPU', { auto: true });
    const hint: PropertyTable = { PERFORMANCE_HINT: { type: 'text', mutability: 'RW', description: '' } };
    const device = { ...gpu, properties: hint, compile: ((m, c, o) => (given.push(c), gpu.compile(m, c, o))) as DevicePlugin['compile'] };
    const compiled = await coreWith(device).compileModel(wanted, 'AUTO:GPU,CPU', { PERFORMANCE_HINT: 'CUMULATIVE_THROUGHPUT' });
    expect(given).toEqual([{ PERFORMANCE_HINT: 'THROUGHPUT' }]);
    expect([...compiled.executionDevices].sort()).toEqual(['CPU', 'GPU']);
    expect(Number(compiled.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS'))).toBeGreaterThan(2);
  });
  it('takes devices by priority or in turn', async () => {
    const served = async (SCHEDULE_POLICY: string): Promise<string[]> => {
      const core = coreWith(mine('ONE', newWorld()), mine('TWO', newWorld()));
      const compiled = await core.compileModel(wanted, 'AUTO:ONE,TWO', { PERFORMANCE_HINT: 'CUMULATIVE_THROUGHPUT', SCHEDULE_POLICY });
      const devices: string[] = [];
      for (let i = 0; i < 4; i++) devices.push((await infer(compiled, i)).device);
      return devices;
    };
    expect(await served('DEVICE_PRIORITY')).toEqual(['ONE', 'ONE', 'ONE', 'ONE']);
    expect(await served('ROUND_ROBIN')).toEqual(['ONE', 'TWO', 'ONE', 'TWO']);
  });
  it('refuses models with states over several devices', () => {
    const g = builder();
    const x = g.parameter('f32', '2', 'x');
    const state = g.readValue(x, { variable_id: 's', variable_type: 'f32', variable_shape: '2' } as never);
    const assign = g.assign(state, { variable_id: 's' } as never);
    const model = new Model({ name: 'stateful', parameters: [x.node], results: [g.result(state)], sinks: [assign.node], scope: g.scope });
    const core = coreWith(fake('GPU'));
    expect(codeOf(() => core.compileModelSync(model, 'AUTO:CPU,GPU', { PERFORMANCE_HINT: 'CUMULATIVE_THROUGHPUT' }))).toBe(
      'MODEL_UNSUPPORTED',
    );
    // one device keeps them, without a way to another
    expect(core.compileModelSync(model, 'AUTO:CPU,GPU').createInferRequest().queryState()).toHaveLength(1);
  });
});

describe('query', () => {
  it('answers for the device that supports most, with everybody’s reasons for the rest', async () => {
    const refuse = (name: string, ops: string[]): DevicePlugin =>
      fake(name, { query: (model) => new Map(model.nodes().map((n) => [n, ops.includes(n.op.name) ? `no ${n.op.name}` : true])) });
    const core = coreWith(refuse('GPU', ['Relu', 'Add']), refuse('NPU', ['MatMul']));
    const answers = [...(await core.explainSupport(wanted, 'AUTO:GPU,NPU'))].filter(([, answer]) => answer !== true);
    expect(answers.map(([node, answer]) => [node.op.name, answer])).toEqual([['MatMul', 'NPU: no MatMul']]);
    expect([...(await core.explainSupport(wanted, 'AUTO:GPU,NPU,CPU')).values()].every((a) => a === true)).toBe(true);
  });
});
