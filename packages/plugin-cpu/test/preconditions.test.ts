/** Graphs that look like what a rule wants, and are something else: the rule leaves them, and the results are the graph's. */
import { expect, it } from 'vitest';
import { builder, Model, type Builder, type Value } from '@cuvee/core';
import { Random } from '../../core/src/ops/cases.js';
import { compile } from '../src/compile/compile.js';
import { expectAsInterpreted } from './interpreted.js';

const number = (g: Builder, value: number, shape: readonly number[] = []): Value =>
  g.constant('f32', shape, new Array(shape.reduce((a, b) => a * b, 1)).fill(value));
const random = (g: Builder, ...shape: number[]): Value => g.constant(new Random(3).tensor('f32', shape, -0.5, 0.5));
const pointwise = { strides: [1, 1], dilations: [1, 1], pads_begin: [0, 0], pads_end: [0, 0] };

/** Each: the rule that might take it, the size of the input, its shape for the compiler, the graph. */
const looksLike: readonly (readonly [rule: string, size: readonly number[], shape: string, make: (g: Builder, x: Value) => Value])[] = [
  [
    'recognise hard swish',
    [3, 5],
    '3,5',
    (g, x) => g.divide(g.multiply(x, g.clamp(g.add(x, number(g, 3)), { min: 0, max: 6 })), number(g, 6, [1, 1, 1])),
  ],
  [
    'recognise hard swish',
    [1, 5],
    '?,5',
    (g, x) => g.divide(g.multiply(x, g.clamp(g.add(x, number(g, 3)), { min: 0, max: 6 })), number(g, 6, [4, 1])),
  ],
  [
    'recognise gelu',
    [4],
    '4',
    (g, x) => g.multiply(g.multiply(x, g.add(g.erf(g.divide(x, number(g, Math.SQRT2))), number(g, 1))), number(g, 0.5, [1, 1])),
  ],
  [
    'recognise mean and variance',
    [3, 8],
    '?,8',
    (g, x) => {
      const mean = (v: Value): Value => g.reduceMean(v, g.ints([-1]), { keep_dims: true });
      const centred = g.subtract(x, mean(x));
      return g.divide(centred, g.sqrt(g.add(mean(g.multiply(centred, centred)), number(g, 0.1, [1, 1, 1]))));
    },
  ],
  ['identity', [3], '?', (g, x) => g.multiply(g.relu(x), number(g, 1, [1, 1]))],
  ['identity', [3], '3', (g, x) => g.multiply(g.relu(x), number(g, 1.0000005))],
  ['division by a power of two', [3], '3', (g, x) => g.divide(g.multiply(x, number(g, 2 ** -100)), number(g, 2 ** -130))],
  [
    'recognise a shuffle of channels',
    [2, 6],
    '2,6',
    (g, x) => {
      const as = (v: Value, shape: readonly number[]): Value => g.reshape(v, g.ints(shape), { special_zero: false });
      return as(g.transpose(as(x, [2, 2, 3]), g.ints([])), [2, 6]); // an empty order turns all axes round
    },
  ],
];

it.each(looksLike)('%s: %j as %s', (name, size, shape, make) => {
  const g = builder();
  const x = g.parameter('f32', shape, 'x');
  const model = new Model({ name: 'm', parameters: [x.node], results: [g.result(make(g, x))], scope: g.scope });
  expect(compile(model, { name: 'avx512', block: 16 }).rules.get(name)).toBeUndefined();
  const again = builder();
  const y = again.parameter('f32', shape, 'x');
  expectAsInterpreted(new Model({ name: 'm', parameters: [y.node], results: [again.result(make(again, y))], scope: again.scope }), size);
});

it('scales that come to twice the size, but are not two', () => {
  const g = builder();
  const x = g.parameter('f32', [1, 8, 4, 4], 'x');
  const scales = g.constant('f32', [2], [2.2, 2.2]);
  const how = {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
    shape_calculation_mode: 'scales',
  } as const;
  const larger = g.interpolate(g.convolution(x, random(g, 8, 8, 1, 1), pointwise), scales, g.ints([2, 3]), how);
  expect(larger.fact.shape).toEqual([1, 8, 8, 8]);
  const y = g.convolution(larger, random(g, 16, 8, 1, 1), pointwise);
  expectAsInterpreted(new Model({ name: 'm', parameters: [x.node], results: [g.result(y)], scope: g.scope }), [1, 8, 4, 4]);
});

it('what the prologue computes is no constant of what it computes beside it', () => {
  const g = builder();
  const x = g.parameter('f32', [1, 16, 2, 2], 'x');
  // Large enough not to be folded before.
  const from = g.sin(g.constant('f32', [1, 4, 1024, 1024], new Float32Array(4 << 20).fill(0.1)));
  const mean = g.reduceMean(from, g.ints([2, 3]), { keep_dims: true });
  const wide = g.convolution(mean, random(g, 16, 4, 1, 1), pointwise);
  const factors = g.sigmoid(g.convolution(wide, random(g, 16, 16, 1, 1), pointwise));
  const y = g.add(x, g.multiply(wide, factors));
  expectAsInterpreted(new Model({ name: 'm', parameters: [x.node], results: [g.result(y)], scope: g.scope }), [1, 16, 2, 2]);
});
