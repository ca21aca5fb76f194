/** Sizes that come from a file: every product goes through here, so that none wraps. (Ranges: core's `checkRange`.) */

/** The number of elements of a shape, or undefined when a dimension is negative or the product passes 2^53. */
export function elementCount(dims: readonly (number | bigint)[]): number | undefined {
  let count = 1;
  let empty = false;
  for (let i = 0; i < dims.length; i++) {
    const size = Number(dims[i]);
    if (!(size >= 0) || !Number.isSafeInteger(size)) return undefined;
    if (size === 0) empty = true;
    else count *= size;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return empty ? 0 : count;
}

/** A 64-bit integer as a number; beyond 2^53 it becomes the largest safe integer of its sign ("to the end" in slices). */
export function toNumber(value: bigint): number {
  if (value > 9007199254740991n) return Number.MAX_SAFE_INTEGER;
  if (value < -9007199254740991n) return Number.MIN_SAFE_INTEGER;
  return Number(value);
}
