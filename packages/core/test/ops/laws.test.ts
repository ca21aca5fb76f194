/** @file Laws that tie operations to each other, on seeded random cases: what one room's `evaluate` gives, another's must confirm. */
import { describe, expect, test } from 'vitest';
import { builder, evaluateNode, Literal, type NdArray, type Value } from '../../src/index.js';
import { Random } from '../../src/ops/cases.js';

const seeds = Array.from({ length: 25 }, (_, i) => i + 1);

/** Evaluates one operation on arrays. */
function run(op: string, inputs: readonly NdArray[], attributes: Record<string, unknown> = {}): NdArray {
  const g = builder();
  const outputs = g.node(
    op,
    inputs.map((a) => g.constant(Literal.fromNd(a))),
    attributes,
  );
  return evaluateNode((outputs[0] as Value).node, inputs)[0] as NdArray;
}

const array = (type: NdArray['type'], shape: readonly number[], values: ArrayLike<number>): NdArray =>
  Literal.from(type, shape, values).nd();
const ints = (...values: number[]): NdArray => array('i64', [values.length], values);
const scalar = (value: number): NdArray => array('f32', [], [value]);
const numbers = (a: NdArray): number[] => Array.from(a.data as ArrayLike<unknown>, Number);

/** Same shape, and elements within `slack` times the largest one. */
function same(a: NdArray, b: NdArray, slack = 1e-5): void {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [numbers(a), numbers(b)];
  const top = Math.max(1e-30, ...y.map(Math.abs));
  const at = x.findIndex((v, i) => !(Math.abs(v - (y[i] as number)) <= slack * top));
  expect(at, at < 0 ? '' : `element ${at}: ${x[at]} and ${y[at]}`).toBe(-1);
}
const dot = (a: NdArray, b: NdArray): number => numbers(a).reduce((s, v, i) => s + v * (numbers(b)[i] as number), 0);

type Law = (random: Random) => void;
const laws: Record<string, Law> = {
  'a convolution in groups is convolutions of the parts'(r) {
    const [groups, each, out] = [r.int(1, 3), r.int(1, 3), r.int(1, 3)];
    const window = { strides: [r.int(1, 2), r.int(1, 2)], dilations: [r.int(1, 2), 1], pads_begin: [1, 0], pads_end: [0, 1] };
    const data = r.tensor('f32', [1, groups * each, 6, 5]).nd();
    const filters = r.tensor('f32', [groups, out, each, 2, 3]).nd();
    const part = (a: NdArray, axis: number, from: number, count: number): NdArray =>
      run('Slice', [a, ints(from), ints(from + count), ints(1), ints(axis)]);
    const parts = Array.from({ length: groups }, (_, i) =>
      run('Convolution', [part(data, 1, i * each, each), run('Squeeze', [part(filters, 0, i, 1), ints(0)])], window),
    );
    same(run('GroupConvolution', [data, filters], window), run('Concat', parts, { axis: 1 }));
  },
  'a transposed convolution is the adjoint of the convolution'(r) {
    const window = { strides: [r.int(1, 2)], dilations: [r.int(1, 2)], pads_begin: [r.int(0, 1)], pads_end: [0] };
    const filters = r.tensor('f32', [3, 2, r.int(1, 3)]).nd();
    const y = r.tensor('f32', [1, 3, r.int(2, 5)]).nd();
    const x = run('ConvolutionBackpropData', [y, filters], window);
    const probe = r.tensor('f32', x.shape).nd();
    expect(dot(probe, x)).toBeCloseTo(dot(run('Convolution', [probe, filters], window), y), 3);
  },
  'an average pooling is a convolution with equal weights'(r) {
    const [k, s] = [r.int(1, 3), r.int(1, 2)];
    const data = r.tensor('f32', [2, 1, 7]).nd();
    const pooled = run('AvgPool', [data], { kernel: [k], strides: [s], pads_begin: [1], pads_end: [1], 'exclude-pad': false });
    const weights = array('f32', [1, 1, k], new Array<number>(k).fill(1 / k));
    same(pooled, run('Convolution', [data, weights], { strides: [s], dilations: [1], pads_begin: [1], pads_end: [1] }));
  },
  'a maximum is minus the minimum of the negatives'(r) {
    const shape = r.shape({ rank: [1, 3], dim: [1, 5] });
    const [a, b] = [r.tensor('f32', shape).nd(), r.tensor('f32', r.broadcastable(shape)).nd()];
    const minus = (x: NdArray): NdArray => run('Negative', [x]);
    same(run('Maximum', [a, b]), minus(run('Minimum', [minus(a), minus(b)])));
    same(run('ReduceMax', [a, ints(0)]), minus(run('ReduceMin', [minus(a), ints(0)])));
  },
  'MatMul with flags is MatMul of transposes, and what Einsum says'(r) {
    const [m, k, n] = [r.int(1, 5), r.int(1, 5), r.int(1, 5)];
    const [a, b] = [r.tensor('f32', [2, k, m]).nd(), r.tensor('f32', [n, k]).nd()];
    const product = run('MatMul', [a, b], { transpose_a: true, transpose_b: true });
    same(product, run('MatMul', [run('Transpose', [a, ints(0, 2, 1)]), run('Transpose', [b, ints(1, 0)])]));
    same(product, run('Einsum', [a, b], { equation: 'bkm,nk->bmn' }));
  },
  'a reduction over two axes is one after the other'(r) {
    const data = r.tensor('f32', [r.int(1, 4), r.int(1, 4), r.int(1, 4)], 0.5, 2).nd();
    for (const op of ['ReduceSum', 'ReduceProd', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceL1', 'ReduceL2']) {
      const step = run(op, [data, ints(2)], { keep_dims: true });
      same(run(op, [data, ints(0, 2)], { keep_dims: true }), run(op, [step, ints(0)], { keep_dims: true }));
    }
  },
  'a sum up to the last element is the whole sum'(r) {
    const data = r.tensor('f32', [3, r.int(1, 6)]).nd();
    const sums = run('CumSum', [data, array('i64', [], [1])]);
    same(run('Slice', [sums, ints(-1), ints(2 ** 31), ints(1), ints(1)]), run('ReduceSum', [data, ints(1)], { keep_dims: true }));
  },
  'softmax sums to one, does not change by a shift, and has its logarithm'(r) {
    const data = r.tensor('f32', [3, r.int(1, 6)], -5, 5).nd();
    const soft = run('Softmax', [data], { axis: 1 });
    same(run('ReduceSum', [soft, ints(1)]), array('f32', [3], [1, 1, 1]));
    same(soft, run('Softmax', [run('Add', [data, scalar(7)])], { axis: 1 }));
    same(run('Log', [soft]), run('LogSoftmax', [data], { axis: 1 }));
  },
  'division and remainder give back the dividend'(r) {
    const [a, b] = [r.tensor('i32', [40], -50, 50).nd(), r.tensor('i32', [40], -7, 7).nd()];
    const divisor = run('Select', [run('Equal', [b, array('i32', [], [0])]), array('i32', [], [3]), b]);
    for (const [m_pythondiv, remainder] of [
      [true, 'FloorMod'],
      [false, 'Mod'],
    ] as const) {
      same(run('Add', [run('Multiply', [run('Divide', [a, divisor], { m_pythondiv }), divisor]), run(remainder, [a, divisor])]), a, 0);
    }
  },
  'exactly one of less, equal, greater'(r) {
    const [a, b] = [r.tensor('i64', [30], -2, 2).nd(), r.tensor('i64', [30], -2, 2).nd()];
    const [less, equal, greater] = ['Less', 'Equal', 'Greater'].map((op) => numbers(run(op, [a, b]))) as [number[], number[], number[]];
    expect(less.map((x, i) => x + (equal[i] as number) + (greater[i] as number))).toEqual(new Array<number>(30).fill(1));
    same(run('LessEqual', [a, b]), run('LogicalNot', [run('Greater', [a, b])]), 0);
    same(run('GreaterEqual', [a, b]), run('LogicalNot', [run('Less', [a, b])]), 0);
    same(run('NotEqual', [a, b]), run('LogicalNot', [run('Equal', [a, b])]), 0);
  },
  'De Morgan, on bits and on booleans'(r) {
    const [a, b] = [r.tensor('i32', [20], -99, 99).nd(), r.tensor('i32', [20], -99, 99).nd()];
    const not = (x: NdArray): NdArray => run('BitwiseNot', [x]);
    same(run('BitwiseAnd', [a, b]), not(run('BitwiseOr', [not(a), not(b)])), 0);
    same(run('BitwiseXor', [a, b]), run('BitwiseOr', [run('BitwiseAnd', [a, not(b)]), run('BitwiseAnd', [not(a), b])]), 0);
    const [p, q] = [r.tensor('boolean', [20]).nd(), r.tensor('boolean', [20]).nd()];
    const no = (x: NdArray): NdArray => run('LogicalNot', [x]);
    same(run('LogicalAnd', [p, q]), no(run('LogicalOr', [no(p), no(q)])), 0);
    same(run('LogicalXor', [p, q]), run('NotEqual', [p, q]), 0);
  },
  'an inverse times the matrix is one'(r) {
    const n = r.int(1, 4);
    const one = array(
      'f32',
      [n, n],
      Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)),
    );
    const matrix = run('Add', [r.tensor('f32', [n, n], -1, 1).nd(), run('Multiply', [one, scalar(n + 1)])]);
    same(run('MatMul', [matrix, run('Inverse', [matrix])]), one, 1e-4);
  },
  'normalised data has mean zero and variance one'(r) {
    const data = r.tensor('f32', [2, 3, r.int(2, 6)], -5, 5).nd();
    const normal = run('MVN', [data, ints(2)], { normalize_variance: true, eps: 0, eps_mode: 'INSIDE_SQRT' });
    for (const m of numbers(run('ReduceMean', [normal, ints(2)]))) expect(m).toBeCloseTo(0, 5);
    for (const v of numbers(run('ReduceMean', [run('Multiply', [normal, normal]), ints(2)]))) expect(v).toBeCloseTo(1, 4);
    const unit = run('NormalizeL2', [data, ints(1)], { eps: 0, eps_mode: 'add' });
    for (const v of numbers(run('ReduceL2', [unit, ints(1)]))) expect(v).toBeCloseTo(1, 5);
  },
  'quantised values stay when they are quantised again'(r) {
    const range = [scalar(-1.5), scalar(2), scalar(-1.5), scalar(2)];
    const once = run('FakeQuantize', [r.tensor('f32', [30], -3, 3).nd(), ...range], { levels: 16 });
    same(run('FakeQuantize', [once, ...range], { levels: 16 }), once);
  },
  'a resized constant is that constant, and corners aligned keep a ramp'(r) {
    const size = ints(r.int(1, 9), r.int(1, 9));
    for (const mode of ['nearest', 'linear', 'linear_onnx', 'cubic', 'bilinear_pillow', 'bicubic_pillow']) {
      const out = run('Interpolate', [array('f32', [4, 5], new Array<number>(20).fill(3)), size], {
        mode,
        shape_calculation_mode: 'sizes',
      });
      same(out, array('f32', out.shape, new Array<number>(out.data.length).fill(3)));
    }
    const n = r.int(2, 12);
    const ramp = run('Interpolate', [array('f32', [4], [0, 1, 2, 3]), ints(n)], {
      mode: 'linear_onnx',
      shape_calculation_mode: 'sizes',
      coordinate_transformation_mode: 'align_corners',
    });
    same(
      ramp,
      array(
        'f32',
        [n],
        Array.from({ length: n }, (_, i) => (3 * i) / (n - 1)),
      ),
    );
  },
  'a grid of the own places samples the image itself'(r) {
    const [h, w] = [r.int(2, 5), r.int(2, 5)];
    const image = r.tensor('f32', [1, 2, h, w]).nd();
    const places = Array.from({ length: h * w }, (_, i) => [((i % w) * 2) / (w - 1) - 1, (Math.floor(i / w) * 2) / (h - 1) - 1]).flat();
    for (const mode of ['nearest', 'bilinear', 'bicubic'])
      same(
        run('GridSample', [image, array('f32', [1, h, w, 2], places)], { mode, align_corners: true, padding_mode: 'border' }),
        image,
        1e-4,
      );
  },
  'patches summed back count how often each element was taken'(r) {
    const [h, w, k] = [r.int(3, 5), r.int(3, 5), r.int(1, 3)];
    const image = r.tensor('f32', [1, 1, h, w]).nd();
    const window = { sizes: [k, k], strides: [1, 1], rates: [1, 1], auto_pad: 'valid' };
    const back = (x: NdArray): NdArray =>
      run('Col2Im', [run('Reshape', [run('ExtractImagePatches', [x], window), ints(1, k * k, -1)]), ints(h, w), ints(k, k)]);
    same(back(image), run('Multiply', [image, back(array('f32', [1, 1, h, w], new Array<number>(h * w).fill(1)))]));
  },
  'an adaptive pooling to a divisor is the plain pooling'(r) {
    const [parts, k] = [r.int(1, 4), r.int(1, 3)];
    const data = r.tensor('f32', [1, 2, parts * k]).nd();
    const window = { kernel: [k], strides: [k], pads_begin: [0], pads_end: [0] };
    same(run('AdaptiveAvgPool', [data, ints(parts)]), run('AvgPool', [data], { ...window, 'exclude-pad': true }));
    same(run('AdaptiveMaxPool', [data, ints(parts)]), run('MaxPool', [data], window), 0);
  },
};

describe.each(Object.entries(laws))('%s', (_, law) => {
  test.each(seeds)('seed %i', (seed) => law(new Random(seed)));
});
