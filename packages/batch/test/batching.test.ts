import { channel } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import {
  builder,
  Core,
  CuveeError,
  Model,
  Tensor,
  type CompiledModel,
  type DeviceModel,
  type DevicePlugin,
  type EventMessage,
  joinBytes,
  readFrames,
  writeFrames,
} from '@cuvee/core';
import batch from '@cuvee/batch';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { mine, newWorld } from 'cuvee-device-mine';

/** `y = tanh(x · w)`, and `z = x`: rows of 4. */
function network(shape = '1,4'): Model {
  const g = builder();
  const x = g.parameter('f32', shape, 'x');
  const weights = Array.from({ length: 12 }, (_, i) => i / 7 - 0.8);
  const y = g.tanh(g.matMul(x, g.constant('f32', [4, 3], weights)));
  const parts = { parameters: [x.node], results: [g.result(y, 'y'), g.result(g.relu(x), 'z')] };
  return new Model({ name: 'network', ...parts, scope: g.scope });
}
const row = (i: number, rows = 1): Tensor =>
  new Tensor(
    'f32',
    [rows, 4],
    Float32Array.from({ length: rows * 4 }, (_, k) => Math.sin(i * 4 + k)),
  );
const values = (outputs: Record<string, Tensor>): number[][] => Object.values(outputs).map((t) => [...(t.data as Float32Array)]);
/** Batches so far, rows in them, inferences alone. */
function figures(compiled: CompiledModel): readonly [batches: unknown, rows: unknown, alone: unknown] {
  const { summary } = compiled.explain();
  return [summary.batches, summary['rows in them'], summary['inferences alone']];
}
const coreWith = (config: Record<string, unknown> = {}, world = newWorld()): Core => {
  const core = new Core({ plugins: [batch(), cpu(), reference(), mine('MINE', world)] });
  core.setProperty('MINE', config);
  return core;
};
const wanted = (tensors: readonly Tensor[]): number[][][] => {
  const request = coreWith().compileModelSync(network('?,4'), 'REFERENCE').createInferRequest();
  return tensors.map((x) => values(request.infer([x])));
};
function expectClose(got: number[][], want: number[][] | undefined): void {
  got.forEach((list, k) => list.forEach((v, i) => expect(v).toBeCloseTo(want?.[k]?.[i] as number, 5)));
}

describe('inferences that wait at the same time', () => {
  it('go together, each gets its own rows', async () => {
    const compiled = coreWith({ RUN_TIME: 5 }).compileModelSync(network(), 'BATCH:MINE(8)', { AUTO_BATCH_TIMEOUT: 0 });
    const requests = Array.from({ length: 17 }, () => compiled.createInferRequest());
    const inputs = requests.map((_, i) => row(i));
    const want = wanted(inputs);
    const got = await Promise.all(requests.map((r, i) => r.inferAsync([inputs[i] as Tensor])));
    got.forEach((outputs, i) => expectClose(values(outputs), want[i]));
    // the first went at once, since nobody else was there; the others met while it ran
    expect(figures(compiled)).toEqual([2, 16, 1]);
  });
  it('are told of as runs on the device, with their rows', async () => {
    const heard: unknown[] = [];
    const hear = (message: unknown): void => {
      const { model, device, details } = message as EventMessage;
      heard.push([model, device, details?.rows]);
    };
    const compiled = coreWith({ RUN_TIME: 5 }).compileModelSync(network(), 'BATCH:MINE(8)', { AUTO_BATCH_TIMEOUT: 0 });
    const requests = Array.from({ length: 6 }, () => compiled.createInferRequest());
    channel('cuvee:run').subscribe(hear);
    await Promise.all(requests.map((r, i) => r.inferAsync([row(i)])));
    requests[0]?.infer([row(0)]);
    channel('cuvee:run').unsubscribe(hear);
    expect(heard).toEqual([1, 5, 1].map((rows) => ['network', 'MINE', rows]));
  });
  it('come back together: callers in a circle fill their batches', async () => {
    const compiled = coreWith({ RUN_TIME: 2 }).compileModelSync(network(), 'BATCH:MINE(8)');
    const want = wanted(Array.from({ length: 8 }, (_, i) => row(i)));
    const loop = async (i: number): Promise<void> => {
      const request = compiled.createInferRequest();
      for (let round = 0; round < 20; round++) expectClose(values(await request.inferAsync([row(i)])), want[i]);
    };
    await Promise.all(Array.from({ length: 8 }, (_, i) => loop(i)));
    const [batches, rows, alone] = figures(compiled) as [number, number, number];
    expect(rows + alone).toBe(160);
    expect(rows / batches).toBeGreaterThan(6);
  });
  it('are served at once when nobody else can come, whatever the timeout', async () => {
    const compiled = coreWith().compileModelSync(network(), 'BATCH:CPU(8)', { AUTO_BATCH_TIMEOUT: 10_000 });
    const request = compiled.createInferRequest();
    const since = performance.now();
    for (let i = 0; i < 20; i++) await request.inferAsync([row(i)]);
    expect(performance.now() - since).toBeLessThan(1000);
    expect(figures(compiled)).toEqual([0, 0, 20]);
  });
  it('do not wait for one who stopped coming', async () => {
    const compiled = coreWith({ RUN_TIME: 5 }).compileModelSync(network(), 'BATCH:MINE(8)', { AUTO_BATCH_TIMEOUT: 10_000 });
    const [a, b] = [compiled.createInferRequest(), compiled.createInferRequest()];
    for (let i = 0; i < 5; i++) await Promise.all([a.inferAsync([row(i)]), b.inferAsync([row(i)])]);
    const since = performance.now();
    for (let i = 0; i < 10; i++) await a.inferAsync([row(i)]);
    expect(performance.now() - since).toBeLessThan(1000);
  });
  it('may be of unequal numbers of rows and shapes: equal shapes go together', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,?', 'x');
    const model = new Model({ name: 'ragged', parameters: [x.node], results: [g.result(g.softmax(x, { axis: 1 }), 'y')], scope: g.scope });
    const compiled = coreWith({ RUN_TIME: 3 }).compileModelSync(model, 'BATCH:MINE(8)');
    const alone = coreWith().compileModelSync(model, 'REFERENCE').createInferRequest();
    const tensors = Array.from({ length: 40 }, (_, i) => {
      const shape = [1 + (i % 3), 2 + (i % 2)];
      return new Tensor(
        'f32',
        shape,
        Float32Array.from({ length: 12 }, (__, k) => Math.cos(i + k)).slice(0, (shape[0] as number) * (shape[1] as number)),
      );
    });
    const want = tensors.map((t) => values(alone.infer([t])));
    const got = await Promise.all(tensors.map((t) => compiled.createInferRequest().inferAsync([t])));
    got.forEach((outputs, i) => {
      expect(Object.values(outputs)[0]?.shape).toEqual(tensors[i]?.shape);
      expectClose(values(outputs), want[i]);
    });
    expect(figures(compiled)[0]).toBeGreaterThan(5);
  });
  it('write into the tensors that callers gave', async () => {
    const compiled = coreWith({ RUN_TIME: 2 }).compileModelSync(network(), 'BATCH:MINE(4)');
    const requests = Array.from({ length: 5 }, () => compiled.createInferRequest());
    const given = requests.map((r) => {
      const tensor = new Tensor('f32', [1, 3]);
      r.setOutputTensor(0, tensor);
      return tensor;
    });
    const want = wanted(requests.map((_, i) => row(i)));
    const got = await Promise.all(requests.map((r, i) => r.inferAsync([row(i)])));
    got.forEach((outputs, i) => {
      expect(Object.values(outputs)[0]).toBe(given[i]);
      expectClose([[...(given[i]?.data as Float32Array)]], want[i]);
    });
  });
});

/** REFERENCE, but that a row which begins with NaN fails, as do batches whose sizes are not fixed when `fixed`. */
function picky(fixed = false): DevicePlugin {
  const plain = reference();
  return {
    ...plain,
    name: 'PICKY',
    compile(model, config, options) {
      if (fixed && model.isDynamic()) throw new CuveeError('MODEL_UNSUPPORTED', 'device PICKY wants every size');
      const inner = plain.compile(model, config, options) as DeviceModel;
      return {
        ...inner,
        createRequest() {
          const request = inner.createRequest();
          const { runSync: _none, ...others } = request;
          return {
            ...others,
            release: () => request.release(),
            async run(inputs, outputs, given) {
              await new Promise((resolve) => setTimeout(resolve, 2));
              const x = inputs[0]?.data as Float32Array;
              for (let i = 0; i < x.length; i += 4)
                if (Number.isNaN(x[i])) throw new CuveeError('INTERNAL', `row ${x[i + 1]} is not for PICKY`);
              return request.run(inputs, outputs, given);
            },
          };
        },
      };
    },
  };
}

describe('one of a batch', () => {
  it('fails alone when it is the cause', async () => {
    const core = new Core({ plugins: [batch(), picky()] });
    const compiled = core.compileModelSync(network(), 'BATCH:PICKY(8)');
    const inputs = Array.from({ length: 9 }, (_, i) =>
      i === 5 ? new Tensor('f32', [1, 4], Float32Array.of(Number.NaN, 5, 0, 0)) : row(i),
    );
    const want = wanted(inputs);
    const got = await Promise.allSettled(inputs.map((x) => compiled.createInferRequest().inferAsync([x])));
    got.forEach((outcome, i) => {
      if (i === 5)
        expect(outcome).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('row 5 is not') as string } });
      else expectClose(outcome.status === 'fulfilled' ? values(outcome.value) : [], want[i]);
      expect(outcome.status).toBe(i === 5 ? 'rejected' : 'fulfilled');
    });
  });
  it('leaves when it is aborted, waiting or running, and can be used again; the others go on', async () => {
    const compiled = coreWith({ RUN_TIME: 20 }).compileModelSync(network(), 'BATCH:MINE(4)');
    const requests = Array.from({ length: 9 }, () => compiled.createInferRequest());
    const want = wanted(requests.map((_, i) => row(i)));
    const runs = requests.map((r, i) => r.inferAsync([row(i)]));
    // the first runs alone, the next four will be a batch
    setTimeout(() => requests[7]?.cancel(), 5);
    setTimeout(() => requests[2]?.cancel(), 30);
    const got = await Promise.allSettled(runs);
    got.forEach((outcome, i) => {
      if (i === 7 || i === 2) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'CANCELLED' } });
      else expectClose(outcome.status === 'fulfilled' ? values(outcome.value) : [], want[i]);
    });
    for (const i of [2, 7]) expectClose(values((await requests[i]?.inferAsync([row(i)])) ?? {}), want[i]);
  });
  it('stops the batch when all of it are aborted', async () => {
    const world = newWorld();
    const compiled = coreWith({ FAIL_AFTER: 0, FAILURE: 'HANG' }, world).compileModelSync(network(), 'BATCH:MINE(4)');
    const requests = Array.from({ length: 5 }, () => compiled.createInferRequest());
    const runs = requests.map((r) => r.inferAsync([row(0)]));
    setTimeout(() => requests[0]?.cancel(), 5);
    setTimeout(() => requests.slice(1).forEach((r) => r.cancel()), 30);
    for (const outcome of await Promise.allSettled(runs)) expect(outcome.status).toBe('rejected');
    expect(world.runs).toBe(2);
    // and nothing of it outlives the model, though the batch ends after those who left
    compiled.release();
    for (const request of requests) request.release();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([world.models.size, world.requests.size]).toEqual([0, 0]);
  });
  it('and all others are told when the device is lost', async () => {
    const world = newWorld();
    const compiled = coreWith({ FAIL_AFTER: 0 }, world).compileModelSync(network(), 'BATCH:MINE(4)');
    const got = await Promise.allSettled(Array.from({ length: 5 }, (_, i) => compiled.createInferRequest().inferAsync([row(i)])));
    const codes = got.map((o) => (o.status === 'rejected' ? (o.reason as CuveeError).code : 'fine'));
    expect(codes).toEqual(Array(5).fill('DEVICE_LOST'));
    expect(world.runs).toBe(2);
  });
});

describe('a compiled model as bytes', () => {
  it('comes back as it was, and is refused for another device or when damaged', async () => {
    const core = coreWith();
    const compiled = core.compileModelSync(network(), 'BATCH:CPU(4)');
    const blob = compiled.exportModelSync();
    const back = core.importModelSync(blob, 'BATCH:CPU(4)');
    expect(back.getProperty('OPTIMAL_BATCH_SIZE')).toBe(4);
    const inputs = Array.from({ length: 9 }, (_, i) => row(i));
    const want = wanted(inputs);
    const got = await Promise.all(inputs.map((x) => back.createInferRequest().inferAsync([x])));
    got.forEach((outputs, i) => expectClose(values(outputs), want[i]));
    expect(Buffer.compare(Buffer.from(back.exportModelSync()), Buffer.from(blob))).toBe(0);
    expect(() => core.importModelSync(blob, 'BATCH:MINE(4)')).toThrow(/it is for CPU, here is MINE/);
    for (let i = 0; i < 50; i++) {
      const at = Math.floor((i * blob.length) / 50);
      const damaged = Uint8Array.from(blob);
      damaged[at] = (damaged[at] as number) ^ 4;
      expect(() => core.importModelSync(damaged, 'BATCH:CPU(4)')).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }));
      expect(() => core.importModelSync(blob.subarray(0, at), 'BATCH:CPU(4)')).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }));
    }
  });
});

describe('bytes that somebody put together', () => {
  const kind = { magic: 'CUVBATCH', version: 1, device: 'BATCH' };
  const blobOf = (shape: string): ReturnType<typeof readFrames> => {
    const g = builder();
    const x = g.parameter('f32', shape, 'x');
    const model = new Model({ name: 'other', parameters: [x.node], results: [g.result(g.tanh(x), 'y')], scope: g.scope });
    return readFrames(kind, coreWith().compileModelSync(model, 'BATCH:CPU(4)').exportModelSync());
  };
  const import_ = (content: unknown, pieces: readonly Uint8Array[]) =>
    coreWith().importModelSync(joinBytes(writeFrames(kind, content, pieces)), 'BATCH:CPU(4)');
  it('are refused where they do not belong together', () => {
    const { content, pieces } = blobOf('1,4');
    const [alone, many] = pieces as [Uint8Array, Uint8Array];
    expect(import_(content, [alone, many]).getProperty('OPTIMAL_BATCH_SIZE')).toBe(4);
    const other = blobOf('1,5').pieces[1] as Uint8Array;
    for (const [text, parts] of [
      [content, [alone, other]], // rows of another length
      [content, [alone, alone]], // takes no second row
      [content, [alone]],
      [{ ...(content as object), types: ['u8'] }, [alone, many]],
      [{ ...(content as object), most: 9 }, [alone, many]],
      [{ ...(content as object), blocks: [1, 1] }, [alone, many]],
    ] as const)
      expect(() => import_(text, parts)).toThrow(/MODEL_INVALID.*its parts are of another model/);
  });
});

describe('a model without rows', () => {
  it('runs as it comes, and why is said', async () => {
    const compiled = coreWith().compileModelSync(network('3,4'), 'BATCH:CPU(4)');
    expect(compiled.explain().summary.gathers).toMatch(/nothing: input "x" \[3,4\] has no batch dimension/);
    expectClose(values(await compiled.createInferRequest().inferAsync([row(1, 3)])), wanted([row(1, 3)])[0]);
  });
});

describe('a device', () => {
  it('that takes full batches only gets full ones', async () => {
    const core = new Core({ plugins: [batch(), picky(true)] });
    const compiled = core.compileModelSync(network(), 'BATCH:PICKY(4)');
    expect(compiled.explain().summary['sizes of batches']).toContain('4 only');
    const inputs = Array.from({ length: 8 }, (_, i) => row(i));
    const want = wanted(inputs);
    const got = await Promise.all(inputs.map((x) => compiled.createInferRequest().inferAsync([x])));
    got.forEach((outputs, i) => expectClose(values(outputs), want[i]));
  });
  it('says how many rows suit it, and the application how many it has', () => {
    const core = new Core({
      plugins: [
        batch(),
        {
          ...reference(),
          name: 'TEN',
          properties: { OPTIMAL_BATCH_SIZE: { type: 'int', mutability: 'RO', default: 10, description: '' } },
        },
      ],
    });
    const size = (device: string, config = {}): unknown =>
      core.compileModelSync(network(), device, config).getProperty('OPTIMAL_BATCH_SIZE');
    expect(size('BATCH:TEN')).toBe(10);
    expect(size('BATCH:TEN', { PERFORMANCE_HINT_NUM_REQUESTS: 3 })).toBe(3);
    expect(size('BATCH:TEN(6)', { PERFORMANCE_HINT_NUM_REQUESTS: 3 })).toBe(6);
  });
  it('is not asked for a batch of a model whose rows would meet: the node is named, by query too', () => {
    const g = builder();
    const x = g.parameter('f32', '1,4', 'x');
    const mixed = g.cumSum(x, g.constant('i64', [], [0]), { name: 'over the batch' });
    const model = new Model({ name: 'mixed', parameters: [x.node], results: [g.result(mixed, 'y')], scope: g.scope });
    const core = coreWith();
    expect(() => core.compileModelSync(model, 'BATCH:CPU(4)')).toThrow(
      expect.objectContaining({ code: 'MODEL_UNSUPPORTED', node: 'over the batch' }),
    );
    expect(core.queryModel(model, 'BATCH:CPU(4)')).not.toHaveProperty('over the batch');
    expect(core.compileModelSync(model, 'BATCH:CPU(1)').executionDevices).toEqual(['CPU']);
  });
});
