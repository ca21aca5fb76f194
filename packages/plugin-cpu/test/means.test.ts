/** Means of 3x3 convolutions over sums, products, pointwise convolutions and upsamplings come without the convolutions. */
import { expect, it } from 'vitest';
import { builder, Core, Model, Tensor, type Value } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { Random } from '../../core/src/ops/cases.js';
import { compile } from '../src/compile/compile.js';
import { expectAsInterpreted } from './interpreted.js';

/** A pyramid of three levels under a picture of 4·height x 4·width: laterals, sums from the top down, and at each level a convolution times one plus its own mean. */
function pyramid(
  [batch, height, width]: readonly [number, number, number],
  size = 3,
  pad = 1,
  auto_pad: 'explicit' | 'valid' = 'explicit',
): Model {
  const g = builder();
  const random = new Random(5);
  const x = g.parameter('f32', [batch, 5, 4 * height, 4 * width], 'x');
  const conv = (v: Value, outputs: number, kernel: number, padding: number, stride = 1, rule: typeof auto_pad = 'explicit'): Value => {
    const filters = g.constant(random.tensor('f32', [outputs, v.fact.shape?.[1] as number, kernel, kernel], -0.5, 0.5));
    return g.convolution(v, filters, {
      strides: [stride, stride],
      pads_begin: [padding, padding],
      pads_end: [padding, padding],
      dilations: [1, 1],
      auto_pad: rule,
    });
  };
  const excited = (v: Value): Value => {
    const mean = g.reduceMean(v, g.ints([2, 3]), { keep_dims: true });
    return g.add(v, g.multiply(v, g.sigmoid(conv(mean, v.fact.shape?.[1] as number, 1, 0))));
  };
  const enlarged = (v: Value): Value =>
    g.interpolate(v, g.constant('f32', [2], [2, 2]), g.ints([2, 3]), {
      mode: 'nearest',
      shape_calculation_mode: 'scales',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    });
  const half = g.relu(conv(x, 7, 3, 1, 2));
  const inputs = [x, half, g.relu(conv(half, 20, 3, 1, 2))];
  const results: Value[] = [];
  for (let i = 2, above: Value | undefined; i >= 0; i--) {
    const lateral = excited(conv(inputs[i] as Value, 40, 1, 0));
    above = above ? g.add(lateral, enlarged(above)) : lateral;
    results.push(excited(conv(above, 24, size, pad, 1, auto_pad)));
  }
  return new Model({ name: 'pyramid', parameters: [x.node], results: results.map((v) => g.result(v)), scope: g.scope });
}

it('no mean waits for a convolution, and each picture is read once', () => {
  const { plan, rules } = compile(pyramid([1, 4, 6]), { name: 'avx512', block: 16 });
  expect(rules.get('mean of a 3x3 convolution')).toBe(3);
  expect(rules.get('mean from shares of edges')).toBe(3);
  const steps = plan.levels.flatMap((l) => l.steps).map((s) => `${s.family} ${s.action}`.trim());
  expect(steps.filter((s) => s.startsWith('reduce'))).toEqual([]);
  expect(steps.filter((s) => s === 'edges')).toHaveLength(3);
});

it.each([
  [1, 4, 6],
  [2, 5, 3],
  [1, 1, 1],
  [1, 9, 12],
] as const)('the results are those of the graph: %i pictures of %i x %i at the top', (...size) =>
  expectAsInterpreted(pyramid(size), [size[0], 5, 4 * size[1], 4 * size[2]]),
);

it('other windows and paddings are left alone', () => {
  for (const [size, pad] of [
    [3, 0],
    [5, 2],
  ] as const)
    expect(compile(pyramid([1, 6, 6], size, pad), { name: 'avx512', block: 16 }).rules.get('mean of a 3x3 convolution')).toBeUndefined();
});

it('pads that `auto_pad` makes mean nothing are none', () => {
  const model = pyramid([1, 6, 6], 3, 1, 'valid');
  const { rules } = compile(model, { name: 'avx512', block: 16 });
  expect(rules.get('mean of a 3x3 convolution')).toBeUndefined();
  expect(rules.get('convolution of a pyramid without its sum')).toBeUndefined();
  expectAsInterpreted(pyramid([1, 6, 6], 3, 1, 'valid'), [1, 5, 24, 24]);
});

it('a pyramid goes in strips from its laterals to its results, and these stay the same bit by bit', () => {
  const dims = [1, 5, 68, 80];
  const image = new Random(9).tensor('f32', dims, -1, 1);
  const run = (strips: string): { readonly results: readonly Float32Array[]; readonly stripped: number } => {
    const compiled = new Core({ plugins: [cpu()], frontends: [] }).compileModelSync(pyramid([1, 17, 20]), 'CPU', { CUVEE_STRIPS: strips });
    const outputs = compiled.createInferRequest().infer([new Tensor('f32', dims, image.storage)]);
    const stripped = (compiled.explain()?.rows ?? []).filter((r) => r.op === 'PyramidConvolution' && r.strips !== '').length;
    return { results: Object.values(outputs).map((t) => t.data as Float32Array), stripped };
  };
  const [whole, strips] = [run('NEVER'), run('ALWAYS')];
  expect([whole.stripped, strips.stripped]).toEqual([0, 1]);
  strips.results.forEach((r, i) =>
    expect(Buffer.compare(Buffer.from(r.buffer), Buffer.from(whole.results[i]?.buffer as ArrayBuffer))).toBe(0),
  );
});
