/** @file What the rooms that move elements share: offsets, constant axes, index bounds. */
import { CuveeError } from '../errors.js';
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import { moved, normalizeAxis, numbersOf, sizeOf, stridesOf, stridedOffsets, type NdArray } from '../tensor/nd.js';

/** An array of `shape` whose element i is element `offsets[i]` of `data`. */
export function picked(data: NdArray, shape: readonly number[], offsets: ArrayLike<number>): NdArray {
  const out = moved(data, shape);
  for (let i = 0; i < offsets.length; i++) out.data[i] = data.data[offsets[i] as number] as never;
  return out;
}

/** A copy whose elements may be overwritten. */
export function copied(data: NdArray): NdArray<unknown[]> & NdArray {
  const out = moved(data, data.shape);
  for (let i = 0; i < out.data.length; i++) out.data[i] = data.data[i] as never;
  return out;
}

/** Elements along `axis` at the given places, in that order; the rest of the shape stays. */
export function taken(data: NdArray, axis: number, places: readonly number[]): NdArray {
  const inner = sizeOf(data.shape.slice(axis + 1));
  const outer = sizeOf(data.shape.slice(0, axis));
  const length = data.shape[axis] as number;
  const out = moved(
    data,
    data.shape.map((d, i) => (i === axis ? places.length : d)),
  );
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (const place of places) {
      const from = (o * length + place) * inner;
      for (let i = 0; i < inner; i++) out.data[to++] = data.data[from + i] as never;
    }
  }
  return out;
}

/** The axes permuted: axis i of the result is axis `order[i]` of `data`. */
export function permuted(data: NdArray, order: readonly number[]): NdArray {
  const strides = stridesOf(data.shape);
  const shape = order.map((a) => data.shape[a] as number);
  return picked(
    data,
    shape,
    stridedOffsets(
      shape,
      order.map((a) => strides[a] as number),
    ),
  );
}

/** Axes of a constant input counted from the front; undefined while they are not constant. Fails outside the rank and on a repeated axis. */
export function constantAxes(ctx: Infer, axes: Fact, rank: number): readonly number[] | undefined {
  const normal = ctx.constants(axes)?.map((a) => inferAxis(ctx, a, rank));
  if (normal && new Set(normal).size !== normal.length) ctx.fail(`axes ${normal.join(',')} repeat`);
  return normal;
}

/** The single axis of a constant input, or of an attribute, counted from the front. */
export const inferAxis = (ctx: Infer, axis: number, rank: number): number => {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) ctx.fail(`axis ${axis} is outside rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
};

/** Axes as `evaluate` reads them, counted from the front. */
export const axesIn = (axes: NdArray, rank: number): number[] => numbersOf(axes).map((a) => normalizeAxis(a, rank));

/** An index into `length` places, counted from the end when negative. Throws ARGUMENT_INVALID outside. */
export function place(index: number, length: number): number {
  if (index < -length || index >= length) throw new CuveeError('ARGUMENT_INVALID', `index ${index} is outside an axis of length ${length}`);
  return index < 0 ? index + length : index;
}

/** The index of flat element `flat` along each axis. */
export function indexOf(flat: number, shape: readonly number[]): number[] {
  const at = new Array<number>(shape.length);
  for (let i = shape.length - 1, rest = flat; i >= 0; i--) {
    at[i] = rest % (shape[i] as number);
    rest = Math.floor(rest / (shape[i] as number));
  }
  return at;
}
