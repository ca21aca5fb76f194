/** Constants that the plan's prologue computes become parts of convolutions and products as literals do. */
import { expect, test } from 'vitest';
import { builder, Core, interpret, Model, print, Tensor, type Value } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { Random } from '../../core/src/ops/cases.js';
import { compile, prepare } from '../src/compile/compile.js';
import { printPlan } from '../src/plan/print.js';

/** Two convolutions with scale, shift, sum and relu, and a product with a bias, whose constants are all pieces of one long table. */
function model(): Model {
  const g = builder();
  const random = new Random(3);
  const x = g.parameter('f32', [1, 8, 6, 6], 'x');
  const table = g.sqrt(g.constant(random.tensor('f32', [1 << 15], 0.2, 2)));
  let at = 0;
  const piece = (...shape: number[]): Value => {
    const size = shape.reduce((a, d) => a * d, 1);
    const part = g.slice(table, g.ints([at]), g.ints([at + size]), g.ints([1]), g.ints([0]));
    at += size;
    return g.reshape(part, g.ints(shape));
  };
  const same = { strides: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] };
  const normalised = (v: Value): Value =>
    g.add(g.multiply(g.convolution(v, piece(20, 8, 3, 3), same), piece(20, 1, 1)), piece(1, 20, 1, 1));
  const sum = g.relu(g.add(normalised(x), g.multiply(normalised(x), piece(1))));
  const flat = g.reshape(sum, g.ints([1, -1]));
  const y = g.add(g.matMul(flat, piece(720, 5), {}), piece(5));
  return new Model({ name: 'made', parameters: [x.node], results: [g.result(y)], scope: g.scope });
}

test('scale, shift, residual and activation are epilogues', () => {
  const rewritten = model();
  prepare(rewritten);
  const text = print(rewritten);
  expect(text.match(/= FusedConvolution\(/g)).toHaveLength(2);
  expect(text).toMatch(/= FusedMatMul\(/);
  const plan = printPlan(compile(model(), { name: 'avx512', block: 16 }).plan);
  const main = plan.slice(0, plan.indexOf('prologue'));
  expect(main.length).toBeGreaterThan(0);
  expect(main).not.toMatch(/\beltwise\b/);
});

test('and give what the graph says', () => {
  const made = model();
  const input = new Random(5).tensor('f32', [1, 8, 6, 6], -1, 1);
  const [want] = interpret(made, [input.nd()]);
  const core = new Core({ plugins: [cpu()], frontends: [] });
  const request = core.compileModelSync(made, 'CPU').createInferRequest();
  request.infer([new Tensor('f32', [1, 8, 6, 6], input.storage)]);
  const got = request.getOutputTensor(0).data as Float32Array;
  const most = Math.max(...Array.from(want!.data as Float32Array, Math.abs));
  expect(Math.max(...Array.from(want!.data as Float32Array, (v, i) => Math.abs(v - (got[i] as number))))).toBeLessThanOrEqual(3e-6 * most);
});
