/** How often a sliding window fits along an axis, with the padding that its rule gives: convolution, pooling, and their transposes. */
import { ceilDiv, floorDiv, max, min } from './atoms.js';
import { bounds } from './bounds.js';
import { add, mul, sub } from './dim.js';
import type { Dim } from './expr.js';
import { isNonNegative } from './predicate.js';
import { nodeName, requireTrue, type ShapeContext } from './scope.js';

/** Attributes of a sliding window, one entry an axis. */
export interface Window {
  readonly strides: readonly number[];
  readonly dilations?: readonly number[];
  readonly padsBegin?: readonly Dim[];
  readonly padsEnd?: readonly Dim[];
  readonly autoPad?: 'explicit' | 'same_upper' | 'same_lower' | 'valid' | 'notset';
  /** floor (default); ceil: a last partial window counts; ceil_torch: only if it starts inside the input or its left padding. */
  readonly rounding?: 'floor' | 'ceil' | 'ceil_torch';
}

/** The number of windows along an axis, and the padding before and after it. */
export interface WindowCount {
  readonly count: Dim;
  readonly pads: readonly [begin: Dim, end: Dim];
}

/** A kernel has an element. */
function atLeastOne(ctx: ShapeContext, kernel: Dim, axis: number): Dim {
  requireTrue(ctx, `spatial axis ${axis}: a kernel of size {0}`, isNonNegative(sub(kernel, 1)), [kernel]);
  return ctx.scope.resolve(kernel);
}

/** The extent of a dilated kernel: d·(k − 1) + 1. */
export function dilated(kernel: Dim, dilation: number): Dim {
  return typeof kernel === 'number' ? dilation * (kernel - 1) + 1 : add(mul(sub(kernel, 1), dilation), 1);
}

/**
 * Windows of `kernel` along an axis of size n. Guards that the kernel fits into the padded input; where no admissible size
 * lets it fit, a range of sizes still gives a count of at least 1 (the run refuses), a fixed size fails.
 */
export function window(ctx: ShapeContext, n: Dim, kernel: Dim, w: Window, axis: number): WindowCount {
  const s = w.strides[axis] ?? 1,
    d = w.dilations?.[axis] ?? 1;
  if (!(s >= 1) || !(d >= 1)) ctx.fail(`spatial axis ${axis}: stride ${s} and dilation ${d} have to be at least 1`);
  const extent = dilated(atLeastOne(ctx, kernel, axis), d);
  const size = ctx.scope.resolve(n);
  if (w.autoPad === 'same_upper' || w.autoPad === 'same_lower') {
    const count = ceilDiv(size, s);
    const total = max(0, sub(add(mul(sub(count, 1), s), extent), size));
    const small = floorDiv(total, 2),
      large = sub(total, small);
    return { count, pads: w.autoPad === 'same_upper' ? [small, large] : [large, small] };
  }
  const valid = w.autoPad === 'valid';
  const p0 = valid ? 0 : (w.padsBegin?.[axis] ?? 0),
    p1 = valid ? 0 : (w.padsEnd?.[axis] ?? 0);
  if (typeof extent === 'number' && typeof p0 === 'number' && typeof p1 === 'number' && w.rounding !== 'ceil_torch') {
    const rest = p0 + p1 - extent;
    // As many windows as pixels, and sizes that are numbers: most layers.
    if (s === 1 && rest === -1 && typeof size !== 'number' && size.lo >= 1) return { count: size, pads: [p0, p1] };
    if (typeof size === 'number' && size + rest >= 0 && size <= 0x7fffffff)
      return { count: (w.rounding === 'ceil' ? Math.ceil((size + rest) / s) : Math.floor((size + rest) / s)) + 1, pads: [p0, p1] };
  }
  const spare = sub(add(p0, p1), extent);
  const fitted = fit(ctx, size, spare, extent, axis);
  const rest = add(fitted, spare);
  const rounding = w.rounding ?? 'floor';
  let count = rounding === 'floor' ? add(floorDiv(rest, s), 1) : add(ceilDiv(rest, s), 1);
  if (rounding === 'ceil_torch') count = torchCount(count, fitted, p0, s);
  if (typeof count !== 'number' && count.lo < 1 && bounds(count, 3)[0] < 1) {
    if (bounds(count, 3)[1] < 1) return { count: 1, pads: [p0, p1] };
    ctx.scope.refine(count, [1, Infinity]);
  }
  return { count, pads: [p0, p1] };
}

/** Guards n + P ≥ D, `spare` being P − D; gives n as it is known after that. */
function fit(ctx: ShapeContext, n: Dim, spare: Dim, extent: Dim, axis: number): Dim {
  const fits = isNonNegative(add(n, spare));
  if (fits === true) return n;
  const padded = add(n, spare, extent);
  const what = `spatial axis ${axis}: a kernel of extent {0} does not fit into the padded size {1}`;
  if (fits === false) {
    if (typeof padded === 'number' && typeof extent === 'number') requireTrue(ctx, what, false, [extent, padded]);
    ctx.scope.impossible({ node: nodeName(ctx), what, dims: [extent, padded] });
    return n;
  }
  requireTrue(ctx, what, fits, [extent, padded]);
  return ctx.scope.resolve(n);
}

/**
 * The last window counts if it starts inside the input or its left padding, (count − 1)·s < n + p0; one less otherwise.
 * The minimum form is the same because the ceiling exceeds the floor by at most one.
 */
function torchCount(count: Dim, n: Dim, p0: Dim, s: number): Dim {
  return min(count, max(sub(count, 1), ceilDiv(add(n, p0), s)));
}

/** Output size of a transposed window: s·(n − 1) + D − P + extra; SAME gives n·s and the padding that makes it so. */
export function transposedWindow(
  ctx: ShapeContext,
  n: Dim,
  kernel: Dim,
  w: Window & { readonly outputPadding?: readonly number[] },
  axis: number,
): WindowCount {
  const s = w.strides[axis] ?? 1,
    extent = dilated(atLeastOne(ctx, kernel, axis), w.dilations?.[axis] ?? 1),
    extra = w.outputPadding?.[axis] ?? 0;
  requireTrue(ctx, `spatial axis ${axis}: a transposed window needs an element, the size is {0}`, isNonNegative(sub(n, 1)), [n]);
  const size = ctx.scope.resolve(n);
  const full = add(mul(sub(size, 1), s), extent, extra);
  if (w.autoPad === 'same_upper' || w.autoPad === 'same_lower') {
    const count = mul(size, s),
      total = max(0, sub(full, count));
    const small = floorDiv(total, 2),
      large = sub(total, small);
    return { count, pads: w.autoPad === 'same_upper' ? [small, large] : [large, small] };
  }
  const valid = w.autoPad === 'valid';
  const p0 = valid ? 0 : (w.padsBegin?.[axis] ?? 0),
    p1 = valid ? 0 : (w.padsEnd?.[axis] ?? 0);
  const count = sub(full, p0, p1);
  if (typeof count === 'number' ? count < 1 : bounds(count)[1] < 1)
    ctx.fail(`spatial axis ${axis}: the transposed window gives ${typeof count === 'number' ? count : 'no'} elements`);
  return { count, pads: [p0, p1] };
}
