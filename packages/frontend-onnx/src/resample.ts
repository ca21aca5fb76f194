/**
 * Resizing one axis at a time by a matrix of weights that the graph computes: for what the Interpolate room does not know
 * (regions, renormalised edges, ONNX's antialiasing, corners of unrounded sizes). Slower than the room, and exact.
 */
import type { Builder, Value } from '@cuvee/core';
import { counting, f32, i64, sizeAt, upTo } from './build.js';

/** How places of the output map to places of the input. */
export type Coordinates =
  | 'half_pixel'
  | 'half_pixel_symmetric'
  | 'pytorch_half_pixel'
  | 'asymmetric'
  | 'align_corners'
  | 'tf_half_pixel_for_nn'
  | 'tf_crop_and_resize';

/** One resize, the same for all axes. */
export interface Resampling {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly coordinates: Coordinates;
  readonly nearest: 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil';
  readonly antialias: boolean;
  readonly excludeOutside: boolean;
  /** the cubic kernel's constant */
  readonly a: number;
  /** value beyond the input, for regions */
  readonly extrapolation: number;
}

/** One axis to be resized: either its new size or its scale is given, as 0-D tensors; a region as two. */
export interface ResampledAxis {
  readonly axis: number;
  readonly size: Value | undefined;
  readonly scale: Value | undefined;
  readonly region: readonly [Value, Value] | undefined;
}

/** Resizes the axes of an f32 tensor one after the other. */
export function resampled(g: Builder, x: Value, rank: number, axes: readonly ResampledAxis[], how: Resampling): Value {
  let beyond: Value | undefined;
  const resized = axes.reduce((value, each) => {
    const { y, outside } = along(g, value, rank, each, how);
    if (outside) {
      const placed = g.reshape(outside, g.ints(upTo(rank).map((i) => (i === each.axis ? -1 : 1))), { special_zero: false });
      beyond = beyond ? g.logicalOr(beyond, placed) : placed;
    }
    return y;
  }, x);
  return beyond ? g.select(beyond, g.constant('f32', [], [how.extrapolation]), resized) : resized;
}

function along(
  g: Builder,
  x: Value,
  rank: number,
  { axis, size, scale, region }: ResampledAxis,
  how: Resampling,
): { readonly y: Value; readonly outside: Value | undefined } {
  const count = sizeAt(g, x, axis);
  const n = g.cast(count, 'f32');
  const span = region ? g.subtract(region[1], region[0]) : undefined;
  const exact = scale ? g.multiply(span ? g.multiply(n, span) : n, scale) : undefined;
  const m = size ?? g.cast(g.floor(exact as Value), 'i64');
  const length = exact ?? g.cast(m, 'f32');
  const ratio = scale ?? g.divide(g.cast(m, 'f32'), n);
  const places = g.cast(counting(g, m), 'f32');
  const at = source(g, places, { n, m: g.cast(m, 'f32'), length, ratio, region, how });
  const outside = region ? g.logicalOr(g.less(at, f32(g, 0)), g.greater(at, g.subtract(n, f32(g, 1)))) : undefined;
  if (how.mode === 'nearest') return { y: g.gather(x, nearestPlace(g, at, count, how.nearest), i64(g, axis)), outside };
  const weights = weightMatrix(g, at, count, ratio, how);
  const last = upTo(rank).map((i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
  const turn = (value: Value): Value => (axis === rank - 1 ? value : g.transpose(value, g.ints(last)));
  return { y: turn(g.matMul(turn(x), weights, { transpose_a: false, transpose_b: true })), outside };
}

/** Where in the input each place of the output lies. */
function source(
  g: Builder,
  o: Value,
  {
    n,
    m,
    length,
    ratio,
    region,
    how,
  }: {
    readonly n: Value;
    readonly m: Value;
    readonly length: Value;
    readonly ratio: Value;
    readonly region: readonly [Value, Value] | undefined;
    readonly how: Resampling;
  },
): Value {
  const half = f32(g, 0.5),
    one = f32(g, 1),
    zero = f32(g, 0);
  const centred = (): Value => g.subtract(g.divide(g.add(o, half), ratio), half);
  // of a single place the quotient's divisor would be 0
  const corners = (): Value => {
    const gaps = g.subtract(length, one);
    return g.select(g.equal(gaps, zero), zero, g.divide(g.subtract(n, one), g.select(g.equal(gaps, zero), one, gaps)));
  };
  switch (how.coordinates) {
    case 'half_pixel':
      return centred();
    case 'half_pixel_symmetric': {
      const share = g.divide(m, g.multiply(ratio, n));
      return g.add(g.multiply(g.multiply(n, half), g.subtract(one, share)), centred());
    }
    case 'pytorch_half_pixel':
      return g.select(g.greater(m, one), centred(), zero);
    case 'asymmetric':
      return g.divide(o, ratio);
    case 'align_corners':
      return g.multiply(o, corners());
    case 'tf_half_pixel_for_nn':
      return g.divide(g.add(o, half), ratio);
    case 'tf_crop_and_resize': {
      const [start, end] = region ?? [zero, one];
      const edge = g.subtract(n, one),
        size = g.cast(m, 'f32');
      const gaps = g.subtract(size, one);
      const step = g.divide(g.multiply(g.subtract(end, start), edge), g.select(g.equal(gaps, zero), one, gaps));
      const many = g.add(g.multiply(start, edge), g.multiply(o, step));
      return g.select(g.greater(size, one), many, g.multiply(g.multiply(half, g.add(start, end)), edge));
    }
  }
}

function nearestPlace(g: Builder, at: Value, count: Value, rule: Resampling['nearest']): Value {
  const half = f32(g, 0.5);
  const rounded =
    rule === 'floor'
      ? g.floor(at)
      : rule === 'ceil'
        ? g.ceiling(at)
        : rule === 'round_prefer_ceil'
          ? g.floor(g.add(at, half))
          : g.ceiling(g.subtract(at, half));
  return g.minimum(g.maximum(g.cast(rounded, 'i64'), i64(g, 0)), g.subtract(count, i64(g, 1)));
}

/** [places, n]: the kernel around each place, stretched when antialiasing a reduction; what lies beyond an edge counts for the edge. */
function weightMatrix(g: Builder, at: Value, count: Value, ratio: Value, how: Resampling): Value {
  const stretch = how.antialias ? g.minimum(ratio, f32(g, 1)) : f32(g, 1);
  const reach = how.mode === 'cubic' ? 2 : 1;
  const margin = how.excludeOutside ? i64(g, 0) : g.cast(g.add(g.ceiling(g.divide(f32(g, reach), stretch)), f32(g, 1)), 'i64');
  const taps = g.range(g.negative(margin), g.add(count, margin), i64(g, 1), { output_type: 'i64' });
  const distance = g.abs(g.multiply(g.subtract(g.cast(g.unsqueeze(taps, g.ints([0])), 'f32'), g.unsqueeze(at, g.ints([1]))), stretch));
  const raw = how.mode === 'cubic' ? cubic(g, distance, how.a) : g.maximum(g.subtract(f32(g, 1), distance), f32(g, 0));
  const weights = g.divide(raw, g.reduceSum(raw, g.ints([1]), { keep_dims: true }));
  if (how.excludeOutside) return weights;
  const inside = g.minimum(g.maximum(taps, i64(g, 0)), g.subtract(count, i64(g, 1)));
  const columns = counting(g, count);
  const folding = g.cast(g.equal(g.unsqueeze(inside, g.ints([1])), g.unsqueeze(columns, g.ints([0]))), 'f32');
  return g.matMul(weights, folding, { transpose_a: false, transpose_b: false });
}

/** Keys's cubic convolution kernel (1981, equation 4) of a distance. */
function cubic(g: Builder, d: Value, a: number): Value {
  const c = (n: number): Value => f32(g, n);
  const horner = (...coefficients: readonly number[]): Value =>
    coefficients.slice(1).reduce((sum, k) => g.add(g.multiply(sum, d), c(k)), c(coefficients[0] as number));
  const near = horner(a + 2, -(a + 3), 0, 1),
    far = horner(a, -5 * a, 8 * a, -4 * a);
  return g.select(g.lessEqual(d, c(1)), near, g.select(g.less(d, c(2)), far, c(0)));
}
