import { describe, expect, it } from 'vitest';
import { builder, Core, CuveeError, Literal, Model, Tensor, type CompiledModel } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { mine, newWorld } from 'cuvee-device-mine';

/** y = softmax(x · w + 1), x [?, 2]. */
function model(): Model {
  const g = builder();
  const x = g.parameter('f32', '?,2', 'x');
  const w = g.constant(Literal.from('f32', [2, 3], [1, 2, 3, 4, 5, 6]));
  const y = g.softmax(g.add(g.matMul(x, w), g.scalar(1, x)), { axis: -1 });
  y.node.name = 'softmax';
  return new Model({ name: 'small', parameters: [x.node], results: [g.result(y, 'y')], scope: g.scope });
}
const x = new Tensor('f32', [1, 2], Float32Array.of(0.5, 0.25));
const logits = [1 * 0.5 + 4 * 0.25, 2 * 0.5 + 5 * 0.25, 3 * 0.5 + 6 * 0.25];
const sum = logits.reduce((s, v) => s + Math.exp(v), 0);
const expected = logits.map((v) => Math.exp(v) / sum);

const world = newWorld();
const core = new Core({ plugins: [mine('MINE', world), cpu(), reference()] });
const compile = (config: Record<string, unknown> = {}): Promise<CompiledModel> => core.compileModel(model(), 'MINE', config);
const codeOf = (error: unknown): string => (error instanceof CuveeError ? error.code : String(error));
const infer = (compiled: CompiledModel, signal?: AbortSignal): Promise<string> => {
  const request = compiled.createInferRequest();
  return request
    .inferAsync({ x }, { signal })
    .then(({ y }) => {
      Array.from((y as Tensor).data as Float32Array).forEach((v, i) => expect(v).toBeCloseTo(expected[i] as number, 6));
      return 'right';
    }, codeOf)
    .finally(() => request.release());
};

describe('device MINE', () => {
  it.each(['CPU', 'REFERENCE'])('computes by the kernels of %s, from primitives', async (KERNELS) => {
    using compiled = await compile({ KERNELS });
    expect(await infer(compiled)).toBe('right');
    expect(compiled.executionDevices).toEqual(['MINE']);
    expect(core.queryModel(model(), 'MINE', { KERNELS })).toHaveProperty('softmax');
    expect(core.queryModel(model(), 'MINE', { KERNELS, REFUSES: ['Exp'] })).not.toHaveProperty('softmax');
  });

  it('supports the share of operations or nodes that it is told to, and refuses the others by name', async () => {
    const chosen = (config: object): number => Object.keys(core.queryModel(model(), 'MINE', { ...config })).length;
    expect(chosen({ SUPPORTED_SHARE: 1 })).toBe(model().nodes().length);
    const counts = Array.from({ length: 40 }, (_, SEED) => chosen({ SUPPORTED_SHARE: 0.5, SUPPORT_BY: 'NODE', SEED }));
    expect(new Set(counts).size).toBeGreaterThan(1);
    await expect(compile({ REFUSES: ['MatMul'] })).rejects.toThrow(
      /MODEL_UNSUPPORTED.*MINE cannot run MatMul ".*": MatMul is among REFUSES/,
    );
  });

  it('fails, hangs or is lost after so many inferences, and comes back', async () => {
    using failing = await compile({ FAIL_AFTER: 1, FAIL_COUNT: 1, FAILURE: 'ERROR' });
    expect([await infer(failing), await infer(failing), await infer(failing)]).toEqual(['right', 'INTERNAL', 'right']);
    using lost = await compile({ FAIL_AFTER: 1, FAIL_COUNT: 1, RETURN_AFTER: 400 });
    expect([await infer(lost), await infer(lost), await infer(lost)]).toEqual(['right', 'DEVICE_LOST', 'DEVICE_LOST']);
    await expect(compile()).rejects.toThrow(/DEVICE_NOT_FOUND.*it was lost/);
    await new Promise((resolve) => setTimeout(resolve, 420));
    expect(await infer(lost)).toBe('right');
    using hanging = await compile({ FAIL_AFTER: 0, FAILURE: 'HANG' });
    expect(await infer(hanging, AbortSignal.timeout(20))).toMatch(/TimeoutError/);
    using random = await compile({ FAIL_RATE: 0.5, FAILURE: 'ERROR', SEED: 7 });
    const ends = await Promise.all(Array.from({ length: 40 }, () => infer(random)));
    expect(ends.filter((end) => end === 'right').length).toBeGreaterThan(8);
    expect(ends.filter((end) => end === 'INTERNAL').length).toBeGreaterThan(8);
  });

  it('takes its time to compile and to run, one inference after the other, without holding the event loop', async () => {
    const start = performance.now();
    using slow = await compile({ COMPILE_TIME: 60, RUN_TIME: 30, BUSY_SHARE: 0.5 });
    expect(performance.now() - start).toBeGreaterThan(58);
    const before = performance.now();
    expect(await Promise.all([infer(slow), infer(slow), infer(slow)])).toEqual(['right', 'right', 'right']);
    expect(performance.now() - before).toBeGreaterThan(88);
    slow.setProperty({ RUN_TIME: 0 });
    expect(await infer(slow)).toBe('right');
  });

  it('has a limit for constants, and answers by promises only, when told to', async () => {
    const bytes = 4 * (6 + 1) + 8; // and the axis that Softmax decomposes with
    using first = await compile({ MEMORY_LIMIT: 2 * bytes });
    await expect(compile({ MEMORY_LIMIT: bytes })).rejects.toThrow(/OUT_OF_MEMORY/);
    first.release();
    (await compile({ MEMORY_LIMIT: bytes })).release();
    expect(() => core.compileModelSync(model(), 'MINE', { ASYNC_ONLY: true })).toThrow(/SYNC_UNAVAILABLE/);
    using compiled = await compile({ ASYNC_ONLY: true });
    using request = compiled.createInferRequest();
    expect(() => request.infer({ x })).toThrow(/SYNC_UNAVAILABLE/);
    expect(await infer(compiled)).toBe('right');
  });

  it('holds nothing in the end, not even what a synchronous call could not wait for', () => {
    expect(world.models.size).toBe(0);
    expect(world.requests.size).toBe(0);
  });
});
