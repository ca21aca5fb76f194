import { describe, expect, it } from 'vitest';
import { AsyncInferQueue, Core, CuveeError, Tensor, type ErrorCode } from '@cuvee/core';
import { addOne, fake, subtract, type Fake } from './fake.js';

const setUp = async (plugin: Fake = fake(), model = addOne()) => {
  const core = new Core({ plugins: [plugin] });
  const compiled = await core.compileModel(model, plugin.name);
  return { plugin, core, compiled, request: compiled.createInferRequest() };
};
const x = (...values: number[]): Tensor => new Tensor('f32', [values.length / 2, 2], Float32Array.from(values));
const code = (wanted: ErrorCode) => expect.objectContaining({ code: wanted });
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof CuveeError ? error.code : String(error);
  }
  return 'nothing thrown';
};

describe('one request', () => {
  it('is busy while it runs, and only then', async () => {
    const { plugin, request } = await setUp();
    const first = request.inferAsync({ x: x(1, 2) });
    await expect(request.inferAsync({ x: x(1, 2) })).rejects.toEqual(code('BUSY'));
    expect(codeOf(() => request.infer({ x: x(1, 2) }))).toBe('BUSY');
    expect(codeOf(() => request.setTensor('x', x(1, 2)))).toBe('BUSY');
    expect(codeOf(() => request.setInputTensor(x(1, 2)))).toBe('BUSY');
    plugin.runs[0]?.end();
    expect([...((await first).y?.data as Float32Array)]).toEqual([2, 3]);
    const second = request.inferAsync([x(5, 6)]);
    plugin.runs[1]?.end();
    expect([...((await second).y?.data as Float32Array)]).toEqual([6, 7]);
  });

  it('rejects with CANCELLED after cancel, and runs again', async () => {
    const { plugin, request } = await setUp();
    request.cancel();
    const first = request.inferAsync({ x: x(1, 2) });
    request.cancel();
    await expect(first).rejects.toEqual(code('CANCELLED'));
    const second = request.inferAsync({ x: x(3, 4) });
    plugin.runs[1]?.end();
    expect([...((await second).y?.data as Float32Array)]).toEqual([4, 5]);
  });

  it('rejects with the reason of a signal, before and during a run', async () => {
    const { plugin, request } = await setUp();
    const why = new Error('enough');
    await expect(request.inferAsync({ x: x(1, 2) }, { signal: AbortSignal.abort(why) })).rejects.toBe(why);
    expect(plugin.runs).toHaveLength(0);
    const controller = new AbortController();
    const pending = request.inferAsync({ x: x(1, 2) }, { signal: controller.signal });
    controller.abort(why);
    await expect(pending).rejects.toBe(why);
    const again = request.inferAsync({ x: x(1, 2) });
    plugin.runs[1]?.end();
    await again;
    controller.abort();
  });

  it('says what a device threw, as a CuveeError', async () => {
    const { plugin, request } = await setUp();
    const run = request.inferAsync({ x: x(1, 2) });
    plugin.runs[0]?.fail(new Error('smoke'));
    const error: CuveeError = await run.then(
      () => expect.fail('it ran'),
      (e: CuveeError) => e,
    );
    expect(error).toEqual(code('INTERNAL'));
    expect(error.message).toContain('inferring "addOne" on FAKE: smoke');
    const lost = request.inferAsync();
    plugin.runs[1]?.fail(new CuveeError('DEVICE_LOST', 'unplugged'));
    await expect(lost).rejects.toEqual(code('DEVICE_LOST'));
  });

  it('releases once, cancels what runs, and refuses use afterwards', async () => {
    const { plugin, compiled, request } = await setUp();
    const pending = request.inferAsync({ x: x(1, 2) });
    request.release();
    request.release();
    await expect(pending).rejects.toEqual(code('CANCELLED'));
    expect(plugin.released).toEqual(['FAKE request']);
    await expect(request.inferAsync()).rejects.toEqual(code('ARGUMENT_INVALID'));
    expect(codeOf(() => request.setTensor('x', x(1, 2)))).toBe('ARGUMENT_INVALID');
    compiled.release();
    compiled.release();
    expect(plugin.released).toEqual(['FAKE request', 'FAKE model']);
    for (const work of [() => compiled.createInferRequest(), () => compiled.explain()]) expect(codeOf(work)).toBe('ARGUMENT_INVALID');
  });

  it('takes inputs by name, in order, and as bare arrays; says which there are', async () => {
    const { plugin, request } = await setUp(fake('FAKE', { auto: true }), subtract());
    const [a, b] = [new Tensor('f32', [2], Float32Array.of(1, 2)), new Tensor('f32', [2], Float32Array.of(3, 4))];
    await request.inferAsync({ a, b });
    await request.inferAsync([a, b]);
    await request.inferAsync({ b: Float32Array.of(5, 6), a });
    expect(plugin.runs.map((r) => r.inputs.map((t) => [...(t.data as Float32Array)]))).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [5, 6],
      ],
    ]);
    // Wrong arguments throw at once, as from every method that returns a promise.
    expect(() => request.inferAsync({ c: a })).toThrow('there is no input "c"; there are "a", "b"');
    expect(() => request.inferAsync([a, b, a])).toThrow('3 inputs were given, "subtract" takes 2');
    expect(codeOf(() => request.inferAsync(7 as never))).toBe('ARGUMENT_INVALID');
    expect(codeOf(() => request.inferAsync({ a: 'text' as never, b }))).toBe('ARGUMENT_INVALID');
    expect(codeOf(() => request.inferAsync({ a: Float32Array.of(1), b }))).toBe('ARGUMENT_INVALID');
    const fresh = (await setUp(plugin, subtract())).request;
    await expect(fresh.inferAsync({ a })).rejects.toThrow('input "b" f32 [2] was not given');
  });

  it('checks type and shape before the device sees them', async () => {
    const { plugin, request } = await setUp();
    expect(codeOf(() => request.inferAsync({ x: new Tensor('i32', [1, 2]) }))).toBe('TYPE_MISMATCH');
    expect(codeOf(() => request.inferAsync({ x: new Tensor('f32', [1, 3]) }))).toBe('SHAPE_MISMATCH');
    expect(codeOf(() => request.inferAsync({ x: new Tensor('f32', [2]) }))).toBe('SHAPE_MISMATCH');
    expect(plugin.runs).toHaveLength(0);
  });

  it('keeps set tensors, writes given outputs, hands out the rest', async () => {
    const { request } = await setUp(fake('FAKE', { auto: true }));
    request.setTensor('x', x(1, 2));
    const mine = new Tensor('f32', [1, 2]);
    request.setOutputTensor(mine);
    const outputs = await request.inferAsync();
    expect(outputs.y).toBe(mine);
    expect([...(mine.data as Float32Array)]).toEqual([2, 3]);
    expect(request.getTensor('y')).toBe(mine);
    expect(request.getOutputTensor()).toBe(mine);
    expect([...(request.getTensor('x').data as Float32Array)]).toEqual([1, 2]);
    expect(codeOf(() => request.getTensor('z'))).toBe('ARGUMENT_INVALID');
    expect(codeOf(() => request.setInputTensor(1, mine))).toBe('ARGUMENT_INVALID');
    expect(codeOf(() => request.setOutputTensor(1, mine))).toBe('ARGUMENT_INVALID');
    expect(codeOf(() => request.setOutputTensor(0, 'no' as never))).toBe('ARGUMENT_INVALID');
    expect(codeOf(() => request.setTensor('y', new Tensor('i32', [1, 2])))).toBe('TYPE_MISMATCH');
  });

  it('is asynchronous only where the device is', async () => {
    const { request } = await setUp();
    expect(codeOf(() => request.infer({ x: x(1, 2) }))).toBe('SYNC_UNAVAILABLE');
    const slow = fake('SLOW', { auto: true });
    const plugin = { ...slow, compile: async (...args: Parameters<Fake['compile']>) => slow.compile(...args) };
    const core = new Core({ plugins: [plugin] });
    expect(codeOf(() => core.compileModelSync(addOne(), 'SLOW'))).toBe('SYNC_UNAVAILABLE');
    expect((await core.compileModel(addOne(), 'SLOW')).executionDevices).toEqual(['SLOW']);
  });
});

describe('many requests', () => {
  it('of one model run at the same time', async () => {
    const { plugin, compiled } = await setUp();
    const runs = [1, 2, 3].map((n) => compiled.createInferRequest().inferAsync({ x: x(n, n) }));
    expect(plugin.runs).toHaveLength(3);
    for (const run of plugin.runs.toReversed()) run.end();
    expect((await Promise.all(runs)).map((o) => (o.y?.data as Float32Array)[0])).toEqual([2, 3, 4]);
  });

  it('in a queue: as many at once as it has jobs, callbacks first, release wakes those that wait', async () => {
    const { plugin, compiled } = await setUp();
    const queue = new AsyncInferQueue(compiled);
    const seen: unknown[] = [];
    queue.setCallback((error, request, data) =>
      seen.push([error, data, error ? undefined : (request.getOutputTensor().data as Float32Array)[0]]),
    );
    const all = [1, 2, 3].map((n) => queue.startAsync({ x: x(n, n) }, n));
    await Promise.resolve();
    expect(plugin.runs).toHaveLength(2);
    plugin.runs[0]?.end();
    expect(await all[0]).toBe(1);
    await new Promise((resolve) => setTimeout(resolve));
    expect(plugin.runs).toHaveLength(3);
    plugin.runs[1]?.end();
    plugin.runs[2]?.end();
    expect(await Promise.all(all)).toEqual([1, 2, 3]);
    expect(seen).toEqual([
      [null, 1, 2],
      [null, 2, 3],
      [null, 3, 4],
    ]);
    const late = [4, 5, 6].map((n) => queue.startAsync({ x: x(n, n) }).catch((e: CuveeError) => e.code));
    await Promise.resolve();
    queue.release();
    queue.release();
    expect(await Promise.all(late)).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED']);
    await expect(queue.startAsync({ x: x(1, 1) })).rejects.toEqual(code('ARGUMENT_INVALID'));
    expect(codeOf(() => new AsyncInferQueue(compiled, -1))).toBe('ARGUMENT_INVALID');
  });
});
