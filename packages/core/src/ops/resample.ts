/** @file Separable resampling: for each output place along an axis, the input places that it is made of, with weights. */
import { emptyElements } from '../tensor/convert.js';
import { isFloat } from '../tensor/element.js';
import { sizeOf, type NdArray } from '../tensor/nd.js';
import { isWide, toBigInt } from './elementwise.js';
import { highest, lowest } from './limits.js';
import { roundHalfEven } from './special.js';

/** Input places and weights of one output place. One place of weight 1 is a move. */
export interface Taps {
  readonly at: readonly number[];
  readonly weights: readonly number[];
}

/** What decides the taps of an axis. `scale` is output over input. */
export interface Resampling {
  readonly mode: 'nearest' | 'linear' | 'linear_onnx' | 'cubic' | 'bilinear_pillow' | 'bicubic_pillow';
  readonly coordinate_transformation_mode: 'half_pixel' | 'pytorch_half_pixel' | 'asymmetric' | 'tf_half_pixel_for_nn' | 'align_corners';
  readonly nearest_mode: 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil' | 'simple';
  readonly antialias: boolean;
  readonly cube_coeff: number;
}

const f = Math.fround;
const clamp = (x: number, n: number): number => Math.min(Math.max(x, 0), n - 1);

/** Place in the input that output place `x` comes from, in f32 as kernels compute it. */
function coordinate(x: number, input: number, output: number, scale: number, mode: Resampling['coordinate_transformation_mode']): number {
  switch (mode) {
    case 'half_pixel':
      return f(f((x + 0.5) / scale) - 0.5);
    case 'pytorch_half_pixel':
      return output > 1 ? f(f((x + 0.5) / scale) - 0.5) : 0;
    case 'asymmetric':
      return f(x / scale);
    case 'tf_half_pixel_for_nn':
      return f((x + 0.5) / scale);
    case 'align_corners':
      return output === 1 ? 0 : f(f(x * (input - 1)) / (output - 1));
  }
}

function nearest(x: number, scale: number, mode: Resampling['nearest_mode']): number {
  switch (mode) {
    case 'round_prefer_floor':
      return x === Math.floor(x) + 0.5 ? Math.floor(x) : Math.round(x);
    case 'round_prefer_ceil':
      return Math.round(x);
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    case 'simple':
      return scale < 1 ? Math.ceil(x) : Math.trunc(x);
  }
}

/** Keys' cubic kernel at distance t (Keys 1981), a being its free coefficient. */
function cubic(t: number, a: number): number {
  const d = Math.abs(t);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

const triangle = (t: number): number => Math.max(0, 1 - Math.abs(t));

function normalized(at: readonly number[], weights: readonly number[]): Taps {
  const sum = weights.reduce((a, b) => a + b, 0);
  return { at, weights: sum === 0 ? weights : weights.map((w) => w / sum) };
}

/** As Pillow resamples: the kernel is widened when the image shrinks, places outside do not count. */
function pillow(x: number, input: number, output: number, support: number, kernel: (t: number) => number): Taps {
  const ratio = input / output;
  const widen = Math.max(ratio, 1);
  const center = (x + 0.5) * ratio;
  const from = Math.max(0, Math.trunc(center - support * widen + 0.5));
  const to = Math.min(input, Math.trunc(center + support * widen + 0.5));
  const at = Array.from({ length: Math.max(0, to - from) }, (_, k) => from + k);
  return normalized(
    at,
    at.map((p) => kernel((p - center + 0.5) / widen)),
  );
}

/** The taps of each output place along one axis. */
export function tapsOf(input: number, output: number, scale: number, how: Resampling): Taps[] {
  return Array.from({ length: output }, (_, x): Taps => {
    if (how.mode === 'bilinear_pillow') return pillow(x, input, output, 1, triangle);
    if (how.mode === 'bicubic_pillow') return pillow(x, input, output, 2, (t) => cubic(t, how.cube_coeff));
    const from = coordinate(x, input, output, scale, how.coordinate_transformation_mode);
    if (how.mode === 'nearest') return { at: [clamp(nearest(from, scale, how.nearest_mode), input)], weights: [1] };
    if (how.mode === 'linear_onnx') {
      const inside = clamp(from, input);
      const first = Math.floor(inside);
      return { at: [first, Math.min(first + 1, input - 1)], weights: [1 - (inside - first), inside - first] };
    }
    if (how.mode === 'cubic') {
      const first = Math.floor(from) - 1;
      const at = [0, 1, 2, 3].map((k) => first + k);
      return { at: at.map((p) => clamp(p, input)), weights: at.map((p) => cubic(from - p, how.cube_coeff)) };
    }
    const narrow = how.antialias && scale < 1 ? scale : 1;
    const reach = scale > 1 ? 2 : Math.ceil(2 / narrow);
    const middle = roundHalfEven(from);
    const at = Array.from({ length: 2 * reach + 1 }, (_, k) => middle - reach + k).filter((p) => p >= 0 && p < input);
    return normalized(
      at,
      at.map((p) => triangle(narrow * (from - p))),
    );
  });
}

/**
 * Resamples one axis after the other. Sums are f64; integers are rounded half to even and saturate, at the end or, `eachPass`, after
 * every axis and from the last axis on: so does Pillow with bytes.
 */
export function resample(
  data: NdArray,
  axes: readonly { readonly axis: number; readonly taps: readonly Taps[] }[],
  eachPass = false,
): NdArray {
  const moves = axes.every(({ taps }) => taps.every(({ at }) => at.length === 1));
  const rounded = (x: number): number => Math.min(Math.max(roundHalfEven(x), lowest(data.type).number), highest(data.type).number);
  const between = eachPass && !isFloat(data.type);
  let shape = data.shape;
  let values: ArrayLike<unknown> = data.data;
  for (const { axis, taps } of between ? axes.toSorted((a, b) => b.axis - a.axis) : axes) {
    const next = shape.map((d, i) => (i === axis ? taps.length : d));
    const [outer, inner, length] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1)), shape[axis] as number];
    const out = (moves ? emptyElements(data.type, sizeOf(next)) : new Float64Array(sizeOf(next))) as unknown as unknown[];
    for (let o = 0; o < outer; o++) {
      taps.forEach(({ at, weights }, x) => {
        for (let i = 0; i < inner; i++) {
          const to = (o * taps.length + x) * inner + i;
          if (moves) out[to] = values[(o * length + (at[0] as number)) * inner + i];
          else {
            const sum = at.reduce((sum, p, k) => sum + (weights[k] as number) * Number(values[(o * length + p) * inner + i]), 0);
            out[to] = between ? rounded(sum) : sum;
          }
        }
      });
    }
    [shape, values] = [next, out];
  }
  if (moves) return { ...data, shape, data: values as NdArray['data'] };
  const result = emptyElements(data.type, values.length) as unknown as (number | bigint)[];
  const whole = isWide(data.type) ? (x: number): bigint => toBigInt(roundHalfEven(x)) : rounded;
  for (let i = 0; i < result.length; i++) result[i] = isFloat(data.type) ? (values[i] as number) : whole(values[i] as number);
  return { type: data.type, shape, data: result as never };
}
