/** What users of openvino-node ask for and do not have there: profiling, states, cancel, wait, callbacks, files and pictures. */
import { deepStrictEqual } from 'node:assert';
import { describe, expect, it } from 'vitest';
import { builder, Model, Tensor, type ElementType } from '@cuvee/core';
import { classifier, codeOf, newCore, ov, picture, relu, thrown } from './models.js';

const core = newCore();

describe('profiling', () => {
  it.each(['PERF_COUNT', 'ENABLE_PROFILING'])(
    '%s: a time for each step of the last run, on each device that measures',
    async (property) => {
      const request = core.compileModelSync(classifier(), 'CPU', { [property]: true }).createInferRequest();
      await request.inferAsync([picture()]);
      const info = request.getProfilingInfo();
      expect(info.map((p) => p.type)).toContain('MatMul');
      for (const { name, kernel, microseconds } of info) {
        expect([typeof name, typeof kernel]).toEqual(['string', 'string']);
        expect(microseconds).toBeGreaterThanOrEqual(0);
      }
      expect(info.reduce((sum, p) => sum + p.microseconds, 0)).toBeGreaterThan(0);
    },
  );
  it('without it: nothing is measured', () => {
    const request = core.compileModelSync(classifier(), 'CPU').createInferRequest();
    request.infer([picture()]);
    expect(request.getProfilingInfo()).toEqual([]);
  });
  it('REFERENCE measures its nodes', () => {
    const request = core.compileModelSync(relu('1,2'), 'REFERENCE').createInferRequest();
    request.infer([Float32Array.of(-1, 1)]);
    expect(request.getProfilingInfo().map((p) => p.type)).toContain('Relu');
  });
});

describe('states', () => {
  /** `y = state + x`, which becomes the state; 10 at first. */
  const accumulator = (): Model => {
    const g = builder();
    const x = g.parameter('f32', '1', 'x');
    const before = g.readValue(g.constant('f32', [1], [10]), { variable_id: 'sum', variable_type: 'f32', variable_shape: '1' });
    const y = g.add(before, x);
    return new Model({
      name: 'sum',
      parameters: [x.node],
      results: [g.result(y)],
      sinks: [g.assign(y, { variable_id: 'sum' }).node],
      scope: g.scope,
    });
  };
  it.each(['REFERENCE', 'CPU'])('%s: queryState, get, set, reset, resetState; each request has its own', (device) => {
    const compiled = core.compileModelSync(accumulator(), device);
    const request = compiled.createInferRequest();
    const one = (r = request) => (Object.values(r.infer([Float32Array.of(1)]))[0] as Tensor).values()[0];
    expect([one(), one(), one()]).toEqual([11, 12, 13]);
    const [state] = request.queryState();
    expect([state?.name, request.queryState().length]).toEqual(['sum', 1]);
    expect([...(state?.get().data as Float32Array)]).toEqual([13]);
    state?.set(new ov.Tensor('f32', [1], Float32Array.of(100)));
    expect(one()).toBe(101);
    expect(one(compiled.createInferRequest())).toBe(11);
    state?.reset();
    expect(one()).toBe(11);
    expect(one()).toBe(12);
    request.resetState();
    expect(one()).toBe(11);
  });
});

describe('waiting', () => {
  const slow = () => core.compileModelSync(relu('?,3,512,512'), 'CPU').createInferRequest();
  const big = () => new ov.Tensor('f32', [8, 3, 512, 512]);
  it('startAsync, wait, waitFor, setCallback', async () => {
    const request = slow();
    const told: unknown[] = [];
    request.setCallback((error, of) => told.push([error, of === request]));
    expect(await request.wait()).toBeUndefined();
    expect(await request.waitFor(0)).toBe(true);
    request.startAsync([big()]);
    expect(codeOf(() => request.startAsync())).toBe('BUSY');
    expect(await request.waitFor(60_000)).toBe(true);
    expect((await request.wait())?.relu).toBe(request.getOutputTensor());
    expect(told).toEqual([[null, true]]);
    expect(await request.waitFor(0)).toBe(true);
  });
  it('waitFor says false when it takes longer', async () => {
    const model = new ov.Core({
      plugins: [
        {
          name: 'NEVER',
          version: '1',
          properties: {},
          devices: () => [{ id: '', fullName: 'never done' }],
          query: () => new Map(),
          compile: () => ({
            createRequest: () => ({
              run: (_i, _o, { signal }) =>
                new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
              release: () => undefined,
            }),
            info: { optimalRequests: 1, executionDevices: ['NEVER'] },
            release: () => undefined,
          }),
        },
      ],
    }).compileModelSync(relu('1'), 'NEVER');
    const request = model.createInferRequest();
    let error: unknown;
    request.setCallback((e) => (error = e));
    request.startAsync([Float32Array.of(1)]);
    expect(await request.waitFor(5)).toBe(false);
    request.cancel();
    await expect(request.wait()).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(error).toMatchObject({ code: 'CANCELLED' });
  });
  it('cancel: the run rejects with CANCELLED, the request runs again', async () => {
    const request = slow();
    const pending = request.inferAsync([big()]);
    request.cancel();
    const ended = await pending.then(
      () => 'done before',
      (error: { code: string }) => error.code,
    );
    expect(['CANCELLED', 'done before']).toContain(ended);
    expect((await request.inferAsync([new ov.Tensor('f32', [1, 3, 512, 512])])).relu?.getShape()).toEqual([1, 3, 512, 512]);
    const call = request as unknown as Record<string, (...a: unknown[]) => unknown>;
    expect(thrown(() => call.cancel?.(1)).message).toBe('cancel() does not accept any arguments.');
    expect(thrown(() => call.setCallback?.(1)).message).toContain('setCallback()');
    await expect(request.waitFor('long' as never)).rejects.toThrow('waitFor()');
  });
});

describe('every element type through a model', () => {
  it.each([
    'f16',
    'bf16',
    'f64',
    'i8',
    'u8',
    'i16',
    'u16',
    'i32',
    'u32',
    'i64',
    'u64',
    'boolean',
    'f8e4m3',
    'f8e5m2',
    'i4',
    'u4',
    'nf4',
    'string',
  ] as ElementType[])('%s goes in and comes out', (type) => {
    const g = builder();
    const x = g.parameter(type, '4', 'x');
    const y = g.reshape(x, g.constant('i64', [2], [2n, 2n]), {});
    const model = new Model({ name: 'm', parameters: [x.node], results: [g.result(y, 'y')], scope: g.scope });
    const values =
      type === 'string'
        ? ['a', 'b', '', 'd']
        : type === 'i64' || type === 'u64'
          ? BigInt64Array.of(1n, 0n, 1n, 1n)
          : Float32Array.of(1, 0, 1, 1);
    const tensor = type === 'string' ? new ov.Tensor(values as string[]) : Tensor.from(type, [4], values as never);
    for (const device of type === 'string' ? ['REFERENCE'] : ['REFERENCE', 'CPU']) {
      const out = Object.values(core.compileModelSync(model, device).createInferRequest().infer([tensor]))[0] as Tensor;
      expect([out.type, out.getShape()]).toEqual([type, [2, 2]]);
      deepStrictEqual(Array.from(out.values() as ArrayLike<unknown>), Array.from(tensor.values() as ArrayLike<unknown>));
    }
  });
});

describe('Tensor and .npy', () => {
  it.each(['f32', 'f64', 'f16', 'i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'boolean'] as ElementType[])(
    '%s there and back',
    (type) => {
      const tensor = new ov.Tensor(type, [2, 3]);
      tensor.data = (tensor.data as Uint8Array).map(
        (_v, i) => (typeof (tensor.data as Uint8Array)[0] === 'bigint' ? BigInt(i % 2) : i % 2) as number,
      );
      const again = ov.Tensor.fromNpy(tensor.toNpy());
      deepStrictEqual([again.type, again.getShape(), again.data], [type, [2, 3], tensor.data]);
    },
  );
  it('a scalar, an empty one, bits of what NumPy has no name for', () => {
    deepStrictEqual(ov.Tensor.fromNpy(new ov.Tensor('f32', []).toNpy()).getShape(), []);
    deepStrictEqual(ov.Tensor.fromNpy(new ov.Tensor('f32', [0, 3]).toNpy()).getShape(), [0, 3]);
    deepStrictEqual(ov.Tensor.fromNpy(Tensor.from('bf16', [2], Float32Array.of(1, 2)).toNpy()).data, Uint16Array.of(0x3f80, 0x4000));
    expect(codeOf(() => new ov.Tensor(['a']).toNpy())).toBe('NOT_IMPLEMENTED');
  });
  it("reads NumPy's own bytes", () => {
    // numpy.save of arange(6, dtype='<i4').reshape(2, 3)
    const head = "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }".padEnd(117);
    const bytes = [Buffer.from([0x93]), Buffer.from('NUMPY'), Buffer.from([1, 0, 118, 0]), Buffer.from(`${head}\n`)];
    const tensor = ov.Tensor.fromNpy(Buffer.concat([...bytes, Buffer.from(Int32Array.of(0, 1, 2, 3, 4, 5).buffer)]));
    deepStrictEqual([tensor.type, tensor.getShape(), tensor.data], ['i32', [2, 3], Int32Array.of(0, 1, 2, 3, 4, 5)]);
  });
  it('what is cut off, too long or something else is refused', () => {
    const good = new ov.Tensor('f32', [2]).toNpy();
    const bad = [
      good.subarray(0, 9),
      good.subarray(0, 40),
      good.subarray(0, good.length - 1),
      Uint8Array.of(...good, 0),
      new Uint8Array(80),
      good.map((b, i) => (i === 21 ? 0x63 : b)),
    ];
    for (const bytes of bad) expect(codeOf(() => ov.Tensor.fromNpy(bytes))).toBe('MODEL_INVALID');
  });
});

describe('Tensor and pixels', () => {
  const image = { width: 2, height: 1, data: Uint8ClampedArray.of(10, 20, 30, 255, 40, 50, 60, 128) };
  it.each([
    [{}, 'u8', [1, 1, 2, 3], [10, 20, 30, 40, 50, 60]],
    [{ layout: 'NCHW' }, 'u8', [1, 3, 1, 2], [10, 40, 20, 50, 30, 60]],
    [{ channels: 'BGR', type: 'f32' }, 'f32', [1, 1, 2, 3], [30, 20, 10, 60, 50, 40]],
    [{ channels: 'RGBA' }, 'u8', [1, 1, 2, 4], [10, 20, 30, 255, 40, 50, 60, 128]],
    [{ channels: 'gray' }, 'u8', [1, 1, 2, 1], [18, 48]],
  ] as const)('fromImageData with %j', (options, type, shape, values) => {
    const tensor = ov.Tensor.fromImageData(image, options);
    deepStrictEqual([tensor.type, tensor.getShape(), [...(tensor.data as Uint8Array)]], [type, shape, values]);
  });
  it('toImageData is the inverse', () => {
    for (const layout of ['NHWC', 'NCHW'] as const)
      deepStrictEqual([...ov.Tensor.fromImageData(image, { layout }).toImageData({ layout }).data], [10, 20, 30, 255, 40, 50, 60, 255]);
    deepStrictEqual([...new ov.Tensor('f32', [1, 1, 1], Float32Array.of(300)).toImageData().data], [255, 255, 255, 255]);
    expect(codeOf(() => new ov.Tensor('u8', [2, 2]).toImageData())).toBe('SHAPE_MISMATCH');
    expect(codeOf(() => ov.Tensor.fromImageData({ ...image, width: 3 }))).toBe('ARGUMENT_INVALID');
    expect(codeOf(() => ov.Tensor.fromImageData(image, { channels: 'CMYK' as never }))).toBe('ARGUMENT_INVALID');
  });
});

describe('memory limit', () => {
  /** [n] ones, n given by an input. */
  const bomb = (): Model => {
    const g = builder();
    const n = g.parameter('i64', '1', 'n');
    const y = g.broadcast(g.constant('f32', [], [1]), n, undefined as never, {} as never);
    return new Model({ name: 'bomb', parameters: [n.node], results: [g.result(g.relu(y), 'y')], scope: g.scope });
  };
  it('an inference that would allocate more fails with OUT_OF_MEMORY before it does; the request runs on', () => {
    const request = core.compileModelSync(bomb(), 'CPU', { CUVEE_MEMORY_LIMIT: 64 << 20 }).createInferRequest();
    const before = process.memoryUsage().rss;
    const error = thrown(() => request.infer([BigInt64Array.of(1n << 31n)])) as Error & { code: string };
    expect(error.code).toBe('OUT_OF_MEMORY');
    expect(error.message).toMatch(/\d+ bytes/);
    expect(process.memoryUsage().rss - before).toBeLessThan(128 << 20);
    expect((request.infer([BigInt64Array.of(1000n)]).y as Tensor).getShape()).toEqual([1000]);
  });
});
