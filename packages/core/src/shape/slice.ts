/** Lengths of slices and ranges. */
import { ceilDiv, max, min, select } from './atoms.js';
import { bounds } from './bounds.js';
import { add, sub } from './dim.js';
import type { Dim } from './expr.js';
import { isNonNegative } from './predicate.js';
import type { ShapeContext } from './scope.js';

/** At or beyond these a bound means "to the end"; recognised before any arithmetic, because they are no sizes. */
const FAR = 2 ** 31 - 1, FAR_BELOW = -(2 ** 31);

/**
 * Number of elements of n[begin:end:step], Python's rules: negative positions count from the end, positions beyond an end
 * are clamped, step ≠ 0. A bound ≥ 2^31−1 or ≤ −2^31 is the far end.
 */
export function sliceLength(ctx: ShapeContext, n: Dim, begin: Dim, end: Dim, step: number): Dim {
  if (step === 0 || !Number.isInteger(step)) ctx.fail(`a slice needs a step other than 0, not ${step}`);
  const size = ctx.scope.resolve(n);
  const b = position(size, ctx.scope.resolve(begin), step), e = position(size, ctx.scope.resolve(end), step);
  return step > 0 ? max(0, ceilDiv(sub(e, b), step)) : max(0, ceilDiv(sub(b, e), -step));
}

/** First element and element count of a slice; the first is meaningless where the count is 0. */
export function sliceStart(ctx: ShapeContext, n: Dim, begin: Dim, step: number): Dim {
  return position(ctx.scope.resolve(n), ctx.scope.resolve(begin), step);
}

/** A bound as a position in 0..n (forward), or −1..n−1 (backward). */
function position(n: Dim, at: Dim, step: number): Dim {
  const low = step > 0 ? 0 : -1, high = step > 0 ? n : sub(n, 1);
  if (typeof at === 'number') {
    if (at >= FAR) return high;
    if (at <= FAR_BELOW) return low;
    return at >= 0 ? min(at, high) : max(add(n, at), low);
  }
  const [lo, hi] = bounds(at);
  if (lo >= 0) return min(at, high);
  if (hi < 0) return max(add(n, at), low);
  return select(isNonNegative(at), min(at, high), max(add(n, at), low));
}

/** Number of elements of start, start + step, … before stop; step ≠ 0, all integers. */
export function rangeLength(ctx: ShapeContext, start: Dim, stop: Dim, step: Dim): Dim {
  const s = ctx.scope.resolve(step), a = ctx.scope.resolve(start), b = ctx.scope.resolve(stop);
  if (s === 0) ctx.fail('a range needs a step other than 0');
  const [lo, hi] = bounds(s);
  if (lo >= 1) return max(0, ceilDiv(sub(b, a), s));
  if (hi <= -1) return max(0, ceilDiv(sub(a, b), sub(0, s)));
  return select(isNonNegative(sub(s, 1)), max(0, ceilDiv(sub(b, a), max(1, s))), max(0, ceilDiv(sub(a, b), max(1, sub(0, s)))));
}
