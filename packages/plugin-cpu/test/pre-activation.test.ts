/** A pointwise convolution behind scale, shift and relu activates what it reads. */
import { expect, test } from 'vitest';
import { builder, Literal, Model, type Value } from '@cuvee/core';
import { Random } from '../../core/src/ops/cases.js';
import { compile } from '../src/compile/compile.js';
import { expectAsInterpreted } from './interpreted.js';

const size = [2, 20, 9, 11];

/** Convolutions of the same data, activated by constants of their own: once scaled, twice scaled, with a stride, which none may read so. */
function model(): Model {
  const g = builder();
  const random = new Random(13);
  const x = g.parameter('f32', size, 'x');
  const channels = (): Value => g.constant(Literal.of('f32', [20, 1, 1], random.tensor('f32', [20], -1, 1).storage as Float32Array));
  const scaled = (v: Value): Value => g.add(g.multiply(v, channels()), channels());
  const conv = (v: Value, stride: number): Value =>
    g.convolution(v, g.constant(random.tensor('f32', [24, 20, 1, 1], -0.3, 0.3)), {
      strides: [stride, stride],
      pads_begin: [0, 0],
      pads_end: [0, 0],
      dilations: [1, 1],
    });
  const data = g.sigmoid(g.reshape(g.transpose(x, g.ints([0, 1, 2, 3])), g.ints(size)));
  const results = [conv(g.relu(scaled(data)), 1), g.relu(conv(g.relu(scaled(scaled(data))), 1)), conv(g.relu(scaled(data)), 2)];
  return new Model({ name: 'pre', parameters: [x.node], results: results.map((r) => g.result(r)), scope: g.scope });
}

test('it is one step', () => {
  const { plan } = compile(model(), { name: 'avx512', block: 16 });
  const steps = plan.levels.flatMap((l) => l.steps);
  expect(steps.filter((s) => s.family === 'conv').map((s) => s.action)).toEqual(expect.arrayContaining(['activated', 'activated', '']));
  expect(steps.filter((s) => s.family === 'eltwise')).toHaveLength(2);
});

test('and gives what the graph says', () => expectAsInterpreted(model(), size));
