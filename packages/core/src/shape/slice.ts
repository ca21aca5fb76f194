/** Lengths of slices and ranges. */
import { ceilDiv, max, min, select } from './atoms.js';
import { bounds } from './bounds.js';
import { add, sub } from './dim.js';
import type { Dim, Expr } from './expr.js';
import { isNonNegative } from './predicate.js';
import type { ShapeContext } from './scope.js';

/** At or beyond these a bound means "to the far end"; recognised before any arithmetic, because they are no sizes. */
const FAR = 2 ** 31 - 1,
  FAR_BELOW = -(2 ** 31);
/** No tensor has more elements. */
const MOST = 2 ** 40;

/**
 * Number of elements of n[begin:end:step]: negative positions count from the end, positions beyond an end are clamped, as in
 * Python but for a begin below the first element and a negative step, which is the first element (ONNX Slice). step ≠ 0.
 * A bound ≥ 2^31−1 or ≤ −2^31 is the far end.
 */
export function sliceLength(ctx: ShapeContext, n: Dim, begin: Dim, end: Dim, step: number): Dim {
  if (step === 0 || !Number.isInteger(step)) ctx.fail(`a slice needs a step other than 0, not ${step}`);
  const size = ctx.scope.resolve(n),
    b = near(ctx.scope.resolve(begin)),
    e = near(ctx.scope.resolve(end));
  const length = step < 0 ? backwards(size, b, e, step) : ceilDiv(span(size, b, e), step);
  if (typeof length === 'number') return length;
  if (typeof b === 'number' && typeof e === 'number') narrow(ctx, length, size as Expr, b, e, step);
  else {
    const most = Math.max(0, Math.ceil(bounds(size)[1] / Math.abs(step)));
    if (bounds(length)[1] > most) ctx.scope.refine(length, [0, most]);
  }
  return length;
}

function backwards(n: Dim, b: Dim, e: Dim, step: number): Dim {
  return isBehind(b, e) ? 0 : max(0, ceilDiv(sub(first(n, b, step), position(n, e, step)), -step));
}

/** A longer axis gives no shorter slice unless the slice walks towards an end that moves away from it: then the axis's limits are the slice's. */
function narrow(ctx: ShapeContext, length: Expr, n: Expr, b: number, e: number, step: number): void {
  if (step > 0 ? b < 0 && e >= 0 : b >= 0 && e < 0) return;
  const at = (x: number): number => (step < 0 ? backwards(x, b, e, step) : ceilDiv(span(x, b, e), step)) as number;
  const [least, most] = ctx.scope.bounds(n);
  const longest = at(Math.min(most, MOST));
  ctx.scope.refine(length, [at(Math.max(0, least)), most > MOST && longest > MOST / 2 ** 10 ? Infinity : longest]);
}

/** Whether begin and end are numbers that count from the same end and a walk back from the one never meets the other. */
const isBehind = (b: Dim, e: Dim): boolean => typeof b === 'number' && typeof e === 'number' && b >= 0 === e >= 0 && b <= e && e >= 0;

/** Position of a slice's first element; meaningless where the slice is empty. */
export function sliceStart(ctx: ShapeContext, n: Dim, begin: Dim, step: number): Dim {
  return first(ctx.scope.resolve(n), near(ctx.scope.resolve(begin)), step);
}

/** A begin as a position. Backwards one below the first element means the first element (there is none where n is 0). */
function first(n: Dim, at: Dim, step: number): Dim {
  const p = position(n, at, step);
  return step > 0 ? p : max(p, min(0, sub(n, 1)));
}

/**
 * Elements between two positions, step 1. With a known sign one of the clamps is implied by the other and by the final
 * max(0, …), which leaves the form in which most cancels: begin ≥ 0 needs no clamp to n, n[-k:] is min(k, n).
 */
function span(n: Dim, b: Dim, e: Dim): Dim {
  const bSign = sign(b),
    eSign = sign(e);
  const toEnd = typeof e === 'number' && e >= FAR,
    fromStart = typeof b === 'number' && b <= FAR_BELOW;
  if ((typeof b === 'number' && b >= FAR) || (typeof e === 'number' && e <= FAR_BELOW)) return 0;
  if (fromStart || b === 0) return toEnd ? n : eSign > 0 ? min(e, n) : eSign < 0 ? max(0, add(n, e)) : position(n, e, 1);
  if (bSign > 0) {
    if (toEnd) return max(0, sub(n, b));
    if (eSign > 0) return max(0, sub(min(e, n), b));
    if (eSign < 0) return max(0, sub(add(n, e), b));
  } else if (bSign < 0) {
    if (toEnd) return min(sub(0, b), n);
    if (eSign < 0) return max(0, min(sub(e, b), add(n, e)));
  }
  return max(0, sub(position(n, e, 1), position(n, b, 1)));
}

/** A symbolic bound that may be any number brought within ±2^40, more than any size, so that arithmetic with it stays exact. */
function near(at: Dim): Dim {
  return typeof at === 'number' || bounds(at)[0] >= -MOST ? at : min(max(at, -MOST), MOST);
}

/** 1: ≥ 0, −1: < 0, 0: unknown. */
function sign(d: Dim): number {
  const [lo, hi] = bounds(d);
  return lo >= 0 ? 1 : hi < 0 ? -1 : 0;
}

/** A bound as a position in 0..n (forward), or −1..n−1 (backward). */
function position(n: Dim, at: Dim, step: number): Dim {
  const low = step > 0 ? 0 : -1,
    high = step > 0 ? n : sub(n, 1);
  if (typeof at === 'number') {
    if (at >= FAR) return high;
    if (at <= FAR_BELOW) return low;
  }
  const s = sign(at);
  if (s > 0) return min(at, high);
  if (s < 0) return max(add(n, at), low);
  return select(isNonNegative(at), min(at, high), max(add(n, at), low));
}

/** Number of elements of start, start + step, … before stop; step ≠ 0, all integers. */
export function rangeLength(ctx: ShapeContext, start: Dim, stop: Dim, step: Dim): Dim {
  const s = ctx.scope.resolve(step),
    a = ctx.scope.resolve(start),
    b = ctx.scope.resolve(stop);
  if (s === 0) ctx.fail('a range needs a step other than 0');
  const [lo, hi] = bounds(s);
  if (lo >= 1) return max(0, ceilDiv(sub(b, a), s));
  if (hi <= -1) return max(0, ceilDiv(sub(a, b), sub(0, s)));
  const up = max(0, ceilDiv(sub(b, a), max(1, s))),
    down = max(0, ceilDiv(sub(a, b), max(1, sub(0, s))));
  return select(isNonNegative(sub(s, 1)), up, down);
}
