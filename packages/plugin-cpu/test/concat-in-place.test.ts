/** What concatenations join along channels is written side by side by its makers. */
import { expect, test } from 'vitest';
import { builder, Model, type Value } from '@cuvee/core';
import { Random } from '../../core/src/ops/cases.js';
import { compile } from '../src/compile/compile.js';
import { expectAsInterpreted } from './interpreted.js';

const size = [1, 16, 7, 5];

/** A dense block: every layer's result joins what was there; then parts that cannot all be in place. */
function model(): Model {
  const g = builder();
  const random = new Random(7);
  const x = g.parameter('f32', size, 'x');
  const conv = (v: Value, outputs: number): Value =>
    g.convolution(v, g.constant(random.tensor('f32', [outputs, v.fact.shape?.[1] as number, 3, 3], -0.2, 0.2)), {
      strides: [1, 1],
      pads_begin: [1, 1],
      pads_end: [1, 1],
      dilations: [1, 1],
    });
  let all = conv(x, 32);
  const first = all;
  for (const outputs of [16, 48, 20]) all = g.concat([all, g.relu(conv(all, outputs))], { axis: 1 });
  const twice = g.concat([x, first, first, conv(first, 16)], { axis: 1 });
  return new Model({ name: 'dense', parameters: [x.node], results: [g.result(all), g.result(conv(twice, 3))], scope: g.scope });
}

test('a chain of them has no steps of its own', () => {
  const { plan } = compile(model(), { name: 'avx512', block: 16 });
  // `first` belongs to the chain, so it is copied twice into the second concatenation; the input is brought into blocks in place.
  expect(plan.levels.flatMap((l) => l.steps).filter((s) => s.family === 'concat')).toHaveLength(2);
});

test('and gives what the graph says', () => expectAsInterpreted(model(), size));
