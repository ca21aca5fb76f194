/** Batches that nobody named: a device asked for throughput gathers where it pays and is safe. */
import { describe, expect, it } from 'vitest';
import { builder, Core, Model, Tensor, type CompiledModel, type Value } from '@cuvee/core';
import { auto } from '@cuvee/auto';
import { batch } from '@cuvee/batch';
import { cpu } from '@cuvee/plugin-cpu';
import { mine, newWorld } from 'cuvee-device-mine';

const wide = 512;
/** Layers whose weights are most of an inference; `mix` lets rows see each other. */
function layers(shape = `1,${wide}`, mix?: (g: ReturnType<typeof builder>, y: Value) => Value): Model {
  const g = builder();
  const x = g.parameter('f32', shape, 'x');
  let y: Value = x;
  for (let layer = 0; layer < 3; layer++) {
    const weights = Array.from({ length: wide * wide }, (_, i) => (((i * 7 + layer) % 13) - 6) / 400);
    y = g.relu(g.matMul(y, g.constant('f32', [wide, wide], weights)));
  }
  return new Model({ name: 'layers', parameters: [x.node], results: [g.result(mix?.(g, y) ?? y, 'y')], scope: g.scope });
}
const row = (seed: number): Tensor =>
  new Tensor(
    'f32',
    [1, wide],
    Float32Array.from({ length: wide }, (_, i) => Math.sin(seed + i)),
  );
const core = new Core({ plugins: [auto(), batch(), cpu(), mine('MINE', newWorld())] });
const throughput = { PERFORMANCE_HINT: 'THROUGHPUT' };
const gathers = (compiled: CompiledModel): boolean => compiled.explain().summary['rows of a full batch'] !== undefined;
const together = (compiled: CompiledModel): Promise<number[][]> =>
  Promise.all(
    Array.from({ length: 16 }, async (_, i) => {
      const request = compiled.createInferRequest();
      await request.inferAsync([row(i)]);
      const { y } = await request.inferAsync([row(i)]);
      return Array.from((y as Tensor).data as Float32Array);
    }),
  );

describe('a device asked for throughput', () => {
  it('gathers concurrent inferences, each with its own result', async () => {
    using compiled = core.compileModelSync(layers(), 'CPU', throughput);
    const got = await together(compiled);
    const direct = core.compileModelSync(layers(), 'CPU').createInferRequest();
    got.forEach((values, i) => {
      const want = direct.infer([row(i)]).y as Tensor;
      values.forEach((v, k) => expect(v).toBeCloseTo((want.data as Float32Array)[k] as number, 4));
    });
    const { summary } = compiled.explain();
    expect(Number(summary['rows in them'])).toBeGreaterThan(8);
    expect(compiled.executionDevices).toEqual(['CPU']);
    expect(Number(compiled.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS'))).toBeGreaterThanOrEqual(16);
  });
  it('does so inside AUTO, and in batches as large as requests are said to be', () => {
    expect(gathers(core.compileModelSync(layers(), 'AUTO:CPU', throughput))).toBe(true);
    using few = core.compileModelSync(layers(), 'CPU', { ...throughput, PERFORMANCE_HINT_NUM_REQUESTS: 4 });
    expect(few.explain().summary['rows of a full batch']).toBe(4);
  });
  it('does not where it is forbidden, not asked for, not safe, does not pay, or nobody knows whether it pays', () => {
    const plain = (model: Model, device = 'CPU', config: object = throughput): void => {
      using compiled = core.compileModelSync(model, device, config as never);
      expect(gathers(compiled), device).toBe(false);
    };
    plain(layers(), 'CPU', { ...throughput, ALLOW_AUTO_BATCHING: false });
    plain(layers(), 'CPU', {});
    plain(layers(), 'CPU', { ...throughput, PERFORMANCE_HINT_NUM_REQUESTS: 1 });
    plain(layers('?,512'));
    plain(layers('3,512'));
    plain(layers(`1,${wide}`, (g, y) => g.cumSum(y, g.constant('i64', [], [0]))));
    plain(layers(), 'MINE', {});
    const g = builder();
    const x = g.parameter('f32', '1,8', 'x');
    plain(new Model({ name: 'tiny', parameters: [x.node], results: [g.result(g.relu(x))], scope: g.scope }));
    using without = new Core({ plugins: [cpu()] }).compileModelSync(layers(), 'CPU', throughput);
    expect(gathers(without)).toBe(false);
    using named = core.compileModelSync(layers(), 'BATCH:CPU(3)', throughput);
    expect(named.explain().summary['rows of a full batch']).toBe(3);
  });
  it('exports and imports what it made under its own name', async () => {
    const blob = core.compileModelSync(layers(), 'CPU', throughput).exportModelSync();
    using back = core.importModelSync(blob, 'CPU', throughput);
    expect(gathers(back)).toBe(true);
    expect((await together(back))[3]).toEqual((await together(back))[3]);
  });
});
