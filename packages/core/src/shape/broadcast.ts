/** Broadcasting of two symbolic shapes, and of a shape to a target. */
import { broadcastHull } from './atom-bounds.js';
import { bounds, mayBe } from './bounds.js';
import { bcast } from './atoms.js';
import { decide } from './decide.js';
import type { Dim, Range, Shape } from './expr.js';
import { anyOf, canBroadcast, isEqual, isNonNegative } from './predicate.js';
import { describe, nodeName, requireEqual, requireTrue, type ShapeContext } from './scope.js';

/**
 * numpy: dimensions align from the right, 1 stretches. none: shapes are equal. pdpd: `b` aligns inside `a` from `axis`
 * (−1: at the end), trailing ones of `b` dropped.
 */
export type BroadcastRule = 'numpy' | 'none' | { readonly mode: 'pdpd'; readonly axis: number };

/** The common shape of two operands; dynamic rank where one has it. Fails with SHAPE_MISMATCH, or leaves guards. */
export function broadcast(ctx: ShapeContext, a: Shape, b: Shape, rule: BroadcastRule = 'numpy'): Shape {
  if (rule === 'none') {
    if (!a || !b) return a ?? b;
    if (a.length !== b.length) ctx.fail(`ranks differ: ${a.length} against ${b.length}`);
    return a.map((d, i) => requireEqual(ctx, `sizes of axis ${i}`, d, b[i]!));
  }
  if (!a || !b) return undefined;
  if (a === b) return a;
  if (rule !== 'numpy') return broadcastInside(ctx, a, b, rule.axis);
  const rank = Math.max(a.length, b.length),
    out = new Array<Dim>(rank);
  for (let i = 0; i < rank; i++) {
    const x = a[i - rank + a.length],
      y = b[i - rank + b.length];
    out[i] = x === undefined ? y! : y === undefined || x === y ? x : broadcastDim(ctx, x, y, i);
  }
  return out;
}

function broadcastInside(ctx: ShapeContext, a: readonly Dim[], b: readonly Dim[], axis: number): Shape {
  let n = b.length;
  while (n > 0 && b[n - 1] === 1) n--;
  const from = axis === -1 ? a.length - b.length : axis;
  if (from < 0 || from + n > a.length)
    ctx.fail(`a shape of rank ${b.length} does not lie inside one of rank ${a.length} from axis ${axis}`);
  return a.map((d, i) => {
    const other = i >= from && i < from + n ? b[i - from]! : 1;
    return other === 1 || other === d ? d : stretched(ctx, other, d, i);
  });
}

/** One dimension of a NumPy broadcast; `axis` is the result's, for messages. */
export function broadcastDim(ctx: ShapeContext, a: Dim, b: Dim, axis: number): Dim {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === 'number' && typeof b === 'number') return refuse(ctx, a, b, axis);
  const { scope } = ctx;
  const x = scope.resolve(a),
    y = scope.resolve(b);
  if (x === y || y === 1) return x;
  if (x === 1) return y;
  const xOne = couldBeOne(ctx, x),
    yOne = couldBeOne(ctx, y);
  if (!xOne && !yOne) {
    if (decide.equal(x, y) === false) refuse(ctx, x, y, axis);
    return requireEqual(ctx, `sizes of axis ${axis}, which have to be equal or 1,`, x, y);
  }
  const hull = broadcastHull(atLeastZero(scope.bounds(x)), atLeastZero(scope.bounds(y)));
  if (!hull) return refuse(ctx, x, y, axis);
  if (!xOne || !yOne) return xOne ? stretched(ctx, x, y, axis) : stretched(ctx, y, x, axis);
  guardBroadcast(ctx, x, y, axis, canBroadcast(x, y));
  const result = bcast(x, y);
  scope.refine(result, hull);
  return result;
}

/** `from` is 1 or equal to `to`, which is the result. */
export function stretched(ctx: ShapeContext, from: Dim, to: Dim, axis: number): Dim {
  const x = ctx.scope.resolve(from),
    y = ctx.scope.resolve(to);
  if (x === 1 || x === y) return y;
  if (typeof x === 'number' || !couldBeOne(ctx, x))
    return requireEqual(ctx, `sizes of axis ${axis}, of which the first has to be 1 or equal to the second,`, x, y);
  guardBroadcast(ctx, x, y, axis, anyOf([isEqual(x, 1), isEqual(x, y)]));
  return y;
}

function guardBroadcast(ctx: ShapeContext, x: Dim, y: Dim, axis: number, p: ReturnType<typeof canBroadcast>): void {
  if (p === true) return;
  if (p === false) refuse(ctx, x, y, axis);
  ctx.scope.guard({
    class: 'error',
    predicate: p,
    node: nodeName(ctx),
    what: `axis ${axis}: {0} does not broadcast with {1}`,
    dims: [x, y],
  });
  ctx.scope.assume(p);
}

function couldBeOne(ctx: ShapeContext, d: Dim): boolean {
  if (typeof d === 'number') return d === 1;
  const [lo, hi] = ctx.scope.bounds(d);
  return lo <= 1 && hi >= 1 && mayBe(d, 1, 3);
}

function atLeastZero([lo, hi]: Range): Range {
  return [Math.max(0, lo), hi];
}

function refuse(ctx: ShapeContext, a: Dim, b: Dim, axis: number): never {
  return ctx.fail(`axis ${axis}: ${describe(a)} does not broadcast with ${describe(b)}`);
}

/** A value used as a size: guarded to be ≥ 0 where that is open. */
export function size(ctx: ShapeContext, d: Dim): Dim {
  const x = ctx.scope.resolve(d);
  if (typeof x === 'number' ? x >= 0 : bounds(x)[0] >= 0) return x;
  requireTrue(ctx, 'a size is {0}, below 0', isNonNegative(x), [x]);
  return ctx.scope.resolve(x);
}

/** The shape `from` stretched to `target` (one-directional): the target's rank, each size 1 or equal. */
export function broadcastTo(ctx: ShapeContext, from: Shape, wanted: readonly Dim[]): Shape {
  const target = wanted.map((d) => size(ctx, d));
  if (!from) return target;
  if (from.length > target.length) ctx.fail(`a shape of rank ${from.length} does not stretch to rank ${target.length}`);
  return target.map((d, i) => {
    const x = from[i - target.length + from.length];
    return x === undefined || x === 1 || x === d ? d : stretched(ctx, x, d, i);
  });
}
