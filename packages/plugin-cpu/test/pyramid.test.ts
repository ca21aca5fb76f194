/** Convolutions of sums of a feature pyramid's levels: without the sum, and with what the graph says. */
import { expect, test } from 'vitest';
import { builder, Core, interpret, Model, Tensor, type Value } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { Random } from '../../core/src/ops/cases.js';
import { compile } from '../src/compile/compile.js';

/** The levels of a picture, widened, weighted by factors of each image, summed from the smallest up, convolved and weighted again. */
function model(): Model {
  const g = builder();
  const random = new Random(11);
  const x = g.parameter('f32', '?,8,?,?', 'x');
  const conv = (v: Value, outputs: number, size: number, stride = 1): Value => {
    const pads = [size >> 1, size >> 1];
    const filters = random.tensor('f32', [outputs, v.fact.shape?.[1] as number, size, size], -0.2, 0.2);
    return g.convolution(v, g.constant(filters), { strides: [stride, stride], pads_begin: pads, pads_end: pads, dilations: [1, 1] });
  };
  const twice = (v: Value): Value =>
    g.interpolate(v, g.constant('f32', [2], [2, 2]), g.ints([2, 3]), {
      mode: 'nearest',
      shape_calculation_mode: 'scales',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    });
  const levels = [conv(x, 6, 3)];
  for (const channels of [12, 18, 20]) levels.push(conv(levels.at(-1) as Value, channels, 3, 2));
  const laterals = levels.map((v, i) => {
    const wide = conv(v, 64, 1);
    const factors = g.sigmoid(conv(g.reduceMean(v, g.ints([2, 3]), { keep_dims: true }), 64, 1));
    return i === 1 ? g.multiply(factors, wide) : i === 2 ? wide : g.add(wide, g.multiply(wide, factors));
  });
  const sums = [laterals.at(-1) as Value];
  for (const lateral of laterals.slice(0, -1).reverse()) sums.push(g.add(lateral, twice(sums.at(-1) as Value)));
  const results = sums.map((v) => {
    const y = conv(v, 24, 3);
    const factors = g.sigmoid(conv(g.reduceMean(x, g.ints([2, 3]), { keep_dims: true }), 24, 1));
    return g.result(g.add(y, g.multiply(y, factors)));
  });
  return new Model({ name: 'pyramid', parameters: [x.node], results, scope: g.scope });
}

/** The same with a step behind each convolution that works row by row, as strips want it, and none before it. */
function relus(): Model {
  const { parameters, results, name, scope } = model();
  const g = builder(scope);
  const behind = results.map((r) => g.result(g.multiply(g.tanh(r.input(0)), g.scalar(2, 'f32'))));
  return new Model({ name, parameters: [...parameters], results: behind, scope });
}

test('the widest sums are not made', () => {
  const { plan, rules } = compile(model(), { name: 'avx512', block: 16 });
  expect(rules.get('convolution of a pyramid without its sum')).toBe(3);
  expect(rules.get('weigh the convolution of a pyramid')).toBe(3);
  expect(plan.levels.flatMap((l) => l.steps).filter((s) => s.family === 'pyramid')).toHaveLength(3);
});

const compiled = new Core({ plugins: [cpu()], frontends: [] }).compileModelSync(model(), 'CPU');

test('several images, each with filters of its own, do not go in strips, wherever a run of steps begins', () => {
  const size = [2, 8, 24, 40];
  const input = new Tensor('f32', size, new Random(5).tensor('f32', size, -1, 1).storage);
  const core = new Core({ plugins: [cpu()], frontends: [] });
  const [whole, strips] = ['NEVER', 'ALWAYS'].map((CUVEE_STRIPS) => {
    const request = core.compileModelSync(relus(), 'CPU', { CUVEE_STRIPS }).createInferRequest();
    return Object.values(request.infer([input])).map((t) => Array.from(t.data as Float32Array));
  });
  expect(strips).toEqual(whole);
});

// Tiles whole and cut, several images, levels of one row that stand for several.
test.each([
  [1, 8, 48, 64],
  [2, 8, 24, 40],
  [1, 8, 8, 8],
  [2, 8, 1, 16],
])('%i×%i×%i×%i gives what the graph says', (...size) => {
  const input = new Random(5).tensor('f32', size, -1, 1);
  const want = interpret(model(), [input.nd()]);
  const request = compiled.createInferRequest();
  request.infer([new Tensor('f32', size, input.storage)]);
  want.forEach((w, i) => {
    const got = request.getOutputTensor(i);
    const most = Math.max(...Array.from(w.data as Float32Array, Math.abs));
    expect(got.shape).toEqual(w.shape);
    expect(Math.max(...Array.from(w.data as Float32Array, (v, k) => Math.abs(v - Number(got.data[k]))))).toBeLessThanOrEqual(1e-5 * most);
  });
});
