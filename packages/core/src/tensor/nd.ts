/** @file The arrays that the rooms' `evaluate` reads and writes, and the few loops that they share. */
import { CuveeError } from '../errors.js';
import { emptyElements, type Elements } from './convert.js';
import type { ElementType } from './element.js';

/**
 * A dense row-major array of decoded elements: numbers for every type up to f64, BigInts for i64 and u64, 0 and 1
 * for boolean, strings for string. A room that only moves elements may also meet a plain array of symbolic values.
 */
export interface NdArray<D = Elements> {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: D;
}

/** Number of elements of a static shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i] as number;
  return size;
}

/** Row-major strides in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] as number) * (shape[i + 1] as number);
  return strides;
}

/** A zeroed array. */
export const zeros = (type: ElementType, shape: readonly number[]): NdArray => ({ type, shape, data: emptyElements(type, sizeOf(shape)) });

/** An array of the same kind of elements as `like`, symbolic ones included, to move elements into. */
export function moved<A extends NdArray<unknown>>(like: A, shape: readonly number[]): NdArray<unknown[]> & A {
  const n = sizeOf(shape);
  const data = Array.isArray(like.data) ? new Array<unknown>(n) : emptyElements(like.type, n);
  return { type: like.type, shape, data } as unknown as NdArray<unknown[]> & A;
}

/** Elements as plain numbers: for indices, axes, sizes. Throws ARGUMENT_INVALID on an integer beyond 2^53. */
export function numbersOf(array: NdArray): number[] {
  const out = new Array<number>(array.data.length);
  for (let i = 0; i < out.length; i++) {
    const value = Number(array.data[i]);
    if (typeof array.data[i] === 'bigint' && !Number.isSafeInteger(value)) {
      // Slice writes "to the end" as the largest i64; any index beyond 2^53 means the same.
      out[i] = value > 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
    } else out[i] = value;
  }
  return out;
}

/** The single number of a scalar or one-element array. */
export function numberOf(array: NdArray): number {
  if (array.data.length !== 1) throw new CuveeError('SHAPE_MISMATCH', `one element expected, got shape [${array.shape.join(',')}]`);
  return Number(array.data[0]);
}

/** NumPy broadcasting of static shapes. Throws SHAPE_MISMATCH. */
export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new CuveeError('SHAPE_MISMATCH', `cannot broadcast [${a.join(',')}] with [${b.join(',')}]`);
    return x === 1 ? y : x;
  });
}

/** For each element of `shape`, in order, the offset into an array of shape `from` broadcast to it. */
export function broadcastOffsets(from: readonly number[], shape: readonly number[]): Int32Array {
  const own = stridesOf(from);
  const strides = shape.map((_, i) => {
    const k = i - shape.length + from.length;
    return k < 0 || from[k] === 1 ? 0 : (own[k] as number);
  });
  return stridedOffsets(shape, strides);
}

/** For each element of `shape`, in row-major order, Σ index[i] · strides[i] + start. */
export function stridedOffsets(shape: readonly number[], strides: readonly number[], start = 0): Int32Array {
  const out = new Int32Array(sizeOf(shape));
  if (out.length === 0) return out;
  const index = new Array<number>(shape.length).fill(0);
  let offset = start;
  for (let i = 0; i < out.length; i++) {
    out[i] = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += strides[axis] as number;
      if (++(index[axis] as number) < (shape[axis] as number)) break;
      offset -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return out;
}

/** Applies `fn` to each 1-D slice along `axis`, which it reads from and writes to through the returned accessors. */
export function mapSlices(
  array: NdArray,
  axis: number,
  fn: (slice: Float64Array) => ArrayLike<number>,
  shape: readonly number[] = array.shape,
): NdArray {
  const out = zeros(array.type, shape);
  const at = normalizeAxis(axis, array.shape.length);
  const length = array.shape[at] as number;
  const outLength = shape[at] as number;
  const inner = sizeOf(array.shape.slice(at + 1));
  const outer = sizeOf(array.shape.slice(0, at));
  const slice = new Float64Array(length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      for (let k = 0; k < length; k++) slice[k] = Number(array.data[(o * length + k) * inner + i]);
      const result = fn(slice);
      for (let k = 0; k < outLength; k++) (out.data as Float32Array)[(o * outLength + k) * inner + i] = result[k] as number;
    }
  }
  return out;
}

/** An axis in [-rank, rank) counted from the front. Throws ARGUMENT_INVALID outside. */
export function normalizeAxis(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= Math.max(rank, 1))
    throw new CuveeError('ARGUMENT_INVALID', `axis ${axis} is outside rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
}
