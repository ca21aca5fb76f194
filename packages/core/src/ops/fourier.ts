/** @file Discrete Fourier transforms: on numbers by the definition, and as products with cosine and sine matrices in graphs. */
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { CuveeError } from '../errors.js';
import { elementsOf } from '../ir/infer.js';
import { add, bounds, floorDiv, isExpr, mul, sub, type Dim, type Shape } from '../shape/index.js';
import { normalizeAxis, numbersOf, sizeOf, zeros, type NdArray } from '../tensor/nd.js';
import { emptyElements } from '../tensor/convert.js';
import { constantAxes } from './movement.js';
import { floating, index, op, optional, port, type Op } from './op.js';
import { counting, over, plus, sizesOf, sizeValue, times, type Size } from './sizes.js';

/** Real and imaginary parts of an array. */
export interface Complex {
  readonly shape: readonly number[];
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** From pairs along a last axis of size 2. */
export function fromPairs(a: NdArray): Complex {
  const shape = a.shape.slice(0, -1);
  const x = a.data as Float32Array;
  const n = sizeOf(shape);
  return {
    shape,
    re: Float64Array.from({ length: n }, (_, i) => x[2 * i] as number),
    im: Float64Array.from({ length: n }, (_, i) => x[2 * i + 1] as number),
  };
}

export const fromReal = (a: NdArray): Complex => ({
  shape: a.shape,
  re: Float64Array.from(a.data as Float32Array),
  im: new Float64Array(a.data.length),
});

/** To pairs along a new last axis. */
export function toPairs(x: Complex, type: NdArray['type']): NdArray {
  const data = emptyElements(type, 2 * x.re.length) as Float32Array;
  x.re.forEach((v, i) => {
    data[2 * i] = v;
  });
  x.im.forEach((v, i) => {
    data[2 * i + 1] = v;
  });
  return { type, shape: [...x.shape, 2], data };
}

export const toReal = (x: Complex, type: NdArray['type']): NdArray => {
  const out = zeros(type, x.shape);
  x.re.forEach((v, i) => {
    (out.data as Float32Array)[i] = v;
  });
  return out;
};

/**
 * Transform of length n along one axis, whose data is cut or filled with zeros to n: X[k] = Σ x[j]·exp(∓2πi·jk/n), the inverse divided by n.
 * `outputs` keeps the first ones.
 */
export function transform(x: Complex, axis: number, n: number, inverse: boolean, outputs = n): Complex {
  const length = x.shape[axis] as number;
  const used = Math.min(length, n);
  const inner = sizeOf(x.shape.slice(axis + 1));
  const outer = sizeOf(x.shape.slice(0, axis));
  const shape = x.shape.map((d, i) => (i === axis ? outputs : d));
  const out = { shape, re: new Float64Array(sizeOf(shape)), im: new Float64Array(sizeOf(shape)) };
  const cos = Float64Array.from({ length: n }, (_, i) => Math.cos((2 * Math.PI * i) / n));
  const sin = Float64Array.from({ length: n }, (_, i) => (inverse ? 1 : -1) * Math.sin((2 * Math.PI * i) / n));
  const scale = inverse ? 1 / n : 1;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      for (let k = 0; k < outputs; k++) {
        let [re, im] = [0, 0];
        for (let j = 0; j < used; j++) {
          const at = (o * length + j) * inner + i;
          const phase = (j * k) % n;
          const [c, s] = [cos[phase] as number, sin[phase] as number];
          re += (x.re[at] as number) * c - (x.im[at] as number) * s;
          im += (x.re[at] as number) * s + (x.im[at] as number) * c;
        }
        const to = (o * outputs + k) * inner + i;
        out.re[to] = re * scale;
        out.im[to] = im * scale;
      }
    }
  }
  return out;
}

/** The n real values whose transform begins with the given half spectrum, along one axis; missing entries are 0. */
export function fromHalf(x: Complex, axis: number, n: number): Complex {
  const length = x.shape[axis] as number;
  const inner = sizeOf(x.shape.slice(axis + 1));
  const outer = sizeOf(x.shape.slice(0, axis));
  const shape = x.shape.map((d, i) => (i === axis ? n : d));
  const full = { shape, re: new Float64Array(sizeOf(shape)), im: new Float64Array(sizeOf(shape)) };
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      for (let k = 0; k < n; k++) {
        const mirror = k > n / 2;
        const from = mirror ? n - k : k;
        if (from >= length) continue;
        const at = (o * length + from) * inner + i;
        const to = (o * n + k) * inner + i;
        full.re[to] = x.re[at] as number;
        // The imaginary parts of the first and, for even n, the middle entry cannot come from real values.
        full.im[to] = from === 0 || 2 * from === n ? 0 : (mirror ? -1 : 1) * (x.im[at] as number);
      }
    }
  }
  return transform(full, axis, n, true);
}

/** Axes and lengths as `evaluate` reads them; a length of -1 is the axis' own. */
export function plan(
  shape: readonly number[],
  axes: NdArray,
  signal: NdArray | undefined,
): { readonly axes: number[]; readonly lengths: (number | undefined)[] } {
  const along = numbersOf(axes).map((a) => normalizeAxis(a, shape.length));
  if (new Set(along).size !== along.length) throw new CuveeError('ARGUMENT_INVALID', `axes ${along.join(',')} repeat`);
  const lengths = signal ? numbersOf(signal) : [];
  return { axes: along, lengths: along.map((_, i) => ((lengths[i] ?? -1) < 0 ? undefined : lengths[i])) };
}

/** Axes and lengths of a fact's transform; undefined while the axes are not constant. A length that may be -1 is unknown. */
export function inferPlan(
  ctx: Infer,
  rank: number,
  axes: Fact,
  signal: Fact | undefined,
): readonly { readonly axis: number; readonly length: Dim | 'own' | undefined }[] | undefined {
  const along = constantAxes(ctx, axes, rank);
  if (!along) return undefined;
  const given = signal && elementsOf(signal);
  return along.map((axis, i) => {
    const e = given?.[i];
    const known = typeof e === 'number' || (e !== undefined && isExpr(e)) ? e : undefined;
    if (!signal || (typeof known === 'number' && known < 0)) return { axis, length: 'own' };
    return { axis, length: known !== undefined && bounds(known)[0] >= 0 ? known : undefined };
  });
}

/** The shape with transformed axes at their new lengths; `last` says what becomes of the last axis' length. */
export function transformedShape(
  ctx: Infer,
  shape: readonly Dim[],
  axes: Fact,
  signal: Fact | undefined,
  last: (own: Dim, given: Dim | undefined) => Dim = (own, given) => given ?? own,
): Shape {
  const steps = inferPlan(ctx, shape.length, axes, signal);
  if (!steps) return ctx.freshShape(shape.length);
  const out = [...shape];
  steps.forEach(({ axis, length }, i) => {
    const own = shape[axis] as Dim;
    if (length === undefined) out[axis] = ctx.fresh(axis);
    else if (i === steps.length - 1) out[axis] = last(own, length === 'own' ? undefined : length);
    else if (length !== 'own') out[axis] = length;
  });
  return out;
}

/** Entries of the half spectrum of n real values. */
export const halfOf = (n: Dim): Dim => add(floorDiv(n, 2), 1);
/** Real values that a half spectrum of n entries stands for by default. */
export const wholeOf = (n: Dim): Dim => mul(2, sub(n, 1));

/** Longest transform of known length that is made a constant matrix. */
const longestMatrix = 2048;

/** Real and imaginary values in a graph; no imaginary part: zero. */
export interface Parts {
  readonly re: Value;
  readonly im: Value | undefined;
}

/** The matrices [rows, columns] of cosines and sines of 2π·jk/n: constants where everything is known. */
function waves(g: Builder, like: Value, rows: Size, columns: Size, n: Size): readonly [cos: Value, sin: Value] {
  if (typeof rows === 'number' && typeof columns === 'number' && typeof n === 'number') {
    const made = (f: (x: number) => number): Value => {
      const values = Float32Array.from({ length: rows * columns }, (_, i) =>
        f((2 * Math.PI * ((Math.floor(i / columns) * (i % columns)) % n)) / n),
      );
      return g.cast(g.constant('f32', [rows, columns], values), like.fact.type);
    };
    return [made(Math.cos), made(Math.sin)];
  }
  const phase = g.floorMod(g.multiply(g.unsqueeze(counting(g, rows), g.ints([1])), counting(g, columns)), sizeValue(g, n));
  const angle = g.multiply(g.cast(phase, 'f32'), g.divide(g.constant('f32', [1], [2 * Math.PI]), g.cast(sizeValue(g, n), 'f32')));
  return [g.cast(g.cos(angle), like.fact.type), g.cast(g.sin(angle), like.fact.type)];
}

/** A value times a matrix along one axis, cut to the matrix' rows. */
function alongAxis(g: Builder, x: Value, axis: number, own: Size, rows: Size, matrix: Value): Value {
  const rank = (x.fact.shape as readonly Dim[]).length;
  const cut = own === rows ? x : g.slice(x, g.ints([0]), sizeValue(g, rows), g.ints([1]), g.ints([axis]));
  if (axis === rank - 1) return g.matMul(cut, matrix);
  const order = Array.from({ length: rank }, (_, i) => (i === rank - 1 ? axis : i === axis ? rank - 1 : i));
  return g.transpose(g.matMul(g.transpose(cut, g.ints(order)), matrix), g.ints(order));
}

const both = (g: Builder, a: Value, b: Value | undefined, sign: 1 | -1): Value =>
  b === undefined ? a : sign > 0 ? g.add(a, b) : g.subtract(a, b);
const fewer = (g: Builder, a: Size, b: Size): Size =>
  typeof a === 'number' && typeof b === 'number' ? Math.min(a, b) : g.minimum(sizeValue(g, a), sizeValue(g, b));
const tooLong = (n: Size): boolean => typeof n === 'number' && (n > longestMatrix || n < 1);

/** `transform` as a graph. */
export function transformGraph(
  g: Builder,
  x: Parts,
  axis: number,
  length: number | undefined,
  inverse: boolean,
  half = false,
): Parts | undefined {
  const own = sizesOf(g, x.re)?.[axis];
  if (own === undefined) return undefined;
  const n = length ?? own;
  if (n === 0 && own === 0 && !half) return x; // nothing along the axis before and after
  if (tooLong(n)) return undefined;
  const rows = length === undefined ? own : fewer(g, own, length);
  const [cos, sin] = waves(g, x.re, rows, half ? plus(g, over(g, n, 2), 1) : n, n);
  const by = (v: Value, matrix: Value): Value => alongAxis(g, v, axis, own, rows, matrix);
  const re = both(g, by(x.re, cos), x.im && by(x.im, sin), inverse ? -1 : 1);
  const turned = by(x.re, sin);
  const im = inverse ? both(g, turned, x.im && by(x.im, cos), 1) : x.im ? g.subtract(by(x.im, cos), turned) : g.negative(turned);
  if (!inverse) return { re, im };
  const scale = g.cast(sizeValue(g, n), x.re.fact.type);
  return { re: g.divide(re, scale), im: g.divide(im, scale) };
}

/** `fromHalf` as a graph. */
export function fromHalfGraph(g: Builder, x: Parts, axis: number, length: number | undefined): Value | undefined {
  const own = sizesOf(g, x.re)?.[axis];
  if (own === undefined || !x.im) return undefined;
  const n = length ?? times(g, plus(g, own, -1), 2);
  if (tooLong(n)) return undefined;
  const rows = length === undefined ? own : fewer(g, own, Math.floor(length / 2) + 1);
  const [cos, sin] = waves(g, x.re, rows, n, n);
  // The first and, for even n, the middle entry come once, the others with their conjugates.
  const k = counting(g, rows);
  const once = g.logicalOr(g.equal(k, g.ints([0])), g.equal(g.multiply(k, g.ints([2])), sizeValue(g, n)));
  const weight = g.divide(g.select(once, g.scalar(1, x.re), g.scalar(2, x.re)), g.cast(sizeValue(g, n), x.re.fact.type));
  const weighted = (m: Value): Value => g.multiply(m, g.unsqueeze(weight, g.ints([1])));
  return g.subtract(alongAxis(g, x.re, axis, own, rows, weighted(cos)), alongAxis(g, x.im, axis, own, rows, weighted(sin)));
}

/** The parts along a last axis of size 2. */
export function partsOf(g: Builder, x: Value): Parts {
  const part = (i: number): Value => g.gather(x, g.constant('i64', [], [i]), g.constant('i64', [], [-1]), {});
  return { re: part(0), im: part(1) };
}

export const pairsOf = (g: Builder, { re, im }: Parts): Value => {
  const last = g.ints([-1]);
  return g.concat([g.unsqueeze(re, last, {}), g.unsqueeze(im ?? g.multiply(re, g.scalar(0, re), {}), last, {})], { axis: -1 });
};

/** Constant axes and lengths of a node, for graphs; undefined where one is not constant. */
export function graphPlan(
  rank: number,
  axes: Value,
  signal: Value | undefined,
): readonly { readonly axis: number; readonly length: number | undefined }[] | undefined {
  if (!axes.fact.value || (signal && !signal.fact.value)) return undefined;
  const { axes: along, lengths } = plan(new Array<number>(rank).fill(0), axes.fact.value.nd(), signal?.fact.value?.nd());
  return along.map((axis, i) => ({ axis, length: lengths[i] }));
}

/** Complex numbers lie along the last axis. */
export const requirePairs = (ctx: Infer, shape: readonly Dim[]): Dim =>
  ctx.requireEqual('the last axis holds pairs, its size and 2', shape[shape.length - 1] as Dim, 2);

/** DFT-7 or its inverse: pairs along the last axis in, pairs out. */
export const complexTransformOp = (name: string, inverse: boolean): Op =>
  op(name, {
    inputs: [port('data', floating, { least: 2 }), port('axes', index, 1), optional('signal_size', index, 1)],
    outputs: [port('output', floating)],
    since: { opset7: {} },

    infer({ data, axes, signal_size }, _, ctx): Fact {
      if (!data.shape) return { type: data.type, shape: undefined };
      requirePairs(ctx, data.shape);
      const shape = transformedShape(ctx, data.shape.slice(0, -1), axes, signal_size);
      return { type: data.type, shape: shape && [...shape, 2] };
    },

    evaluate({ data, axes, signal_size }) {
      const x = fromPairs(data);
      const { axes: along, lengths } = plan(x.shape, axes, signal_size);
      return toPairs(
        along.reduce((y, axis, i) => transform(y, axis, lengths[i] ?? (y.shape[axis] as number), inverse), x),
        data.type,
      );
    },

    decompose(g, { data, axes, signal_size }) {
      const rank = data.fact.shape?.length;
      const steps = rank === undefined ? undefined : graphPlan(rank - 1, axes, signal_size);
      const parts = steps?.reduce<Parts | undefined>(
        (x, { axis, length }) => x && transformGraph(g, x, axis, length, inverse),
        partsOf(g, data),
      );
      return parts && pairsOf(g, parts);
    },
  });
