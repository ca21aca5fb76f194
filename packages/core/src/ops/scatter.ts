/** @file What the scatter rooms share: how an update meets the element that is there. */
import type { ElementType } from '../tensor/element.js';
import { isFloat } from '../tensor/element.js';
import { emptyElements } from '../tensor/convert.js';

export type Reduction = 'none' | 'sum' | 'sub' | 'prod' | 'min' | 'max';

/** The element after an update: arithmetic in the element type; for booleans sum and max are or, prod and min are and, sub is exclusive or. */
export function combiner(type: ElementType, reduction: Reduction): (old: unknown, update: unknown) => unknown {
  if (reduction === 'none') return (_, b) => b;
  if (reduction === 'min') return (a, b) => ((a as number) < (b as number) ? a : (a as number) !== (a as number) ? a : b);
  if (reduction === 'max') return (a, b) => ((a as number) > (b as number) ? a : (a as number) !== (a as number) ? a : b);
  if (type === 'boolean') {
    const or = (a: unknown, b: unknown): number => Number(Boolean(a) || Boolean(b));
    return reduction === 'sum'
      ? or
      : reduction === 'prod'
        ? (a, b) => Number(Boolean(a) && Boolean(b))
        : (a, b) => Number(Boolean(a) !== Boolean(b));
  }
  const apply = {
    sum: (a: never, b: never) => (a as number) + (b as number),
    sub: (a: never, b: never) => (a as number) - (b as number),
    prod: (a: never, b: never) => (a as number) * (b as number),
  }[reduction];
  return (a, b) => apply(a as never, b as never);
}

/** Quotient of a mean: integers round towards minus infinity. */
export function divided(type: ElementType, sum: unknown, count: number): unknown {
  if (typeof sum === 'bigint') {
    const n = BigInt(count);
    return sum < 0n && sum % n !== 0n ? sum / n - 1n : sum / n;
  }
  return isFloat(type) ? (sum as number) / count : Math.floor((sum as number) / count);
}

/** An element that changes nothing under a reduction, for scatters that leave out the old value. */
export function neutral(type: ElementType, reduction: Reduction | 'mean'): unknown {
  const wide = type === 'i64' || type === 'u64';
  if (reduction === 'prod') return wide ? 1n : 1;
  if (reduction !== 'min' && reduction !== 'max') return wide ? 0n : 0;
  const low = reduction === 'max';
  if (type === 'boolean') return low ? 0 : 1;
  if (isFloat(type)) return low ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return extreme(type, low);
}

/** The smallest or largest value of an integer type. */
export function extreme(type: ElementType, low: boolean): unknown {
  const sample = emptyElements(type, 1);
  if (sample instanceof BigInt64Array) return low ? -(2n ** 63n) : 2n ** 63n - 1n;
  if (sample instanceof BigUint64Array) return low ? 0n : 2n ** 64n - 1n;
  const bits = 8 * (sample as Int8Array).BYTES_PER_ELEMENT;
  const signed = sample instanceof Int8Array || sample instanceof Int16Array || sample instanceof Int32Array;
  if (signed) return low ? -(2 ** (bits - 1)) : 2 ** (bits - 1) - 1;
  return low ? 0 : 2 ** bits - 1;
}
