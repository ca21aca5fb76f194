/** Shapes and elements where control flow meets: the end of a branch, and the carried values of a loop. */
import { select } from './atoms.js';
import { bounds } from './bounds.js';
import { add, mul, sub } from './dim.js';
import type { Atom, Dim, Pred, Range, Shape } from './expr.js';
import { SYM } from './kinds.js';
import { isEqual, type Condition } from './predicate.js';
import { nodeName, type ShapeContext } from './scope.js';
import { selectElement, type Element } from './values.js';

/**
 * The shape of output `output` after a branch: the same size in both, else selected by a condition on sizes, else a size
 * known when the node has run, within the hull of both. Different ranks give dynamic rank.
 */
export function joinShapes(ctx: ShapeContext, a: Shape, b: Shape, p: Condition | undefined, output = 0): Shape {
  if (p === true) return a;
  if (p === false) return b;
  if (!a || !b || a.length !== b.length) return undefined;
  return a.map((x, axis) => {
    const y = b[axis]!;
    if (x === y) return x;
    if (p !== undefined) return select(p, x, y);
    const [xlo, xhi] = ctx.scope.bounds(x),
      [ylo, yhi] = ctx.scope.bounds(y);
    return ctx.scope.symbol({ kind: 'data', node: nodeName(ctx), output, axis }, [Math.max(0, Math.min(xlo, ylo)), Math.max(xhi, yhi)]);
  });
}

/** The elements after a branch. */
export function joinElements(
  a: readonly Element[] | undefined,
  b: readonly Element[] | undefined,
  p: Condition | undefined,
): readonly Element[] | undefined {
  if (p === true) return a;
  if (p === false) return b;
  if (!a || !b || a.length !== b.length) return undefined;
  return a.map((x, i) => selectElement(p as Pred | undefined, x, b[i]));
}

/** The carried values of a loop during inference. Infer the body with `shapes`, then ask `advance`. */
export interface Carried {
  readonly shapes: readonly Shape[];
  readonly seeds: readonly Shape[];
  /** 1, 2 or 3. */
  readonly sweep: number;
  /** Atoms older than this belong to the outside. */
  readonly mark: number;
}

/** What `advance` found: the values after the loop, or what to infer the body with once more. */
export type Advance = { readonly again: Carried } | { readonly results: readonly Shape[] };

/** The first sweep: a symbol for each carried dimension, within the bounds of its initial size. */
export function carry(ctx: ShapeContext, seeds: readonly Shape[]): Carried {
  return begin(
    ctx,
    seeds,
    seeds.map((s) => s?.map((d): Range => ctx.scope.bounds(d))),
    1,
  );
}

function begin(ctx: ShapeContext, seeds: readonly Shape[], ranges: readonly (readonly Range[] | undefined)[], sweep: number): Carried {
  const mark = ctx.scope.table.atomCount;
  const shapes = ranges.map((r, i) =>
    r?.map((range, axis): Dim => {
      const origin = { kind: 'data', node: `${nodeName(ctx)}@${sweep}`, output: i, axis } as const;
      return ctx.scope.symbol(origin, [Math.max(0, range[0]), range[1]], `${nodeName(ctx)}@${i}.${axis}`);
    }),
  );
  return { shapes, seeds, sweep, mark };
}

/**
 * What the body made of the carried shapes: `next[i]` is the i-th value's shape after one trip. Unchanged → the initial
 * size; s + c → initial + trips·c; free of the body's symbols → that, or the initial size for no trip; else a size known
 * when the loop has run. A body inferred with ranges that it leaves is inferred again with those sides open.
 */
export function advance(ctx: ShapeContext, c: Carried, next: readonly Shape[], trips: Dim | undefined): Advance {
  const contained = c.shapes.every((s, i) => isWithin(ctx, c, s, next[i], trips));
  if (!contained) return { again: widened(ctx, c, next) };
  return { results: c.seeds.map((seed, i) => afterLoop(ctx, c, seed, c.shapes[i], next[i], trips, i)) };
}

function isWithin(ctx: ShapeContext, c: Carried, s: Shape, f: Shape, trips: Dim | undefined): boolean {
  if (!s) return true;
  if (!f || f.length !== s.length) return false;
  return s.every((d, axis) => {
    const x = f[axis]!;
    if (x === d) return true;
    const [lo, hi] = ctx.scope.bounds(x),
      [slo, shi] = bounds(d, 1);
    if (Math.max(0, lo) >= slo && hi <= shi) return true;
    // One trip at most: nothing that the first trip leaves is carried into another.
    return trips !== undefined && bounds(trips)[1] <= 1 && c.sweep > 1;
  });
}

function widened(ctx: ShapeContext, c: Carried, next: readonly Shape[]): Carried {
  const ranges = c.shapes.map((s, i) => {
    const f = next[i];
    if (!s || !f || f.length !== s.length) return undefined;
    return s.map((d, axis): Range => {
      const [slo, shi] = bounds(d, 1),
        [lo, hi] = ctx.scope.bounds(f[axis]!);
      if (f[axis] === d) return [slo, shi];
      return c.sweep >= 2 ? [0, Infinity] : [Math.max(0, lo) < slo ? 0 : slo, hi > shi ? Infinity : shi];
    });
  });
  return begin(ctx, c.seeds, ranges, c.sweep + 1);
}

function afterLoop(ctx: ShapeContext, c: Carried, seed: Shape, s: Shape, f: Shape, trips: Dim | undefined, output: number): Shape {
  if (!seed || !s || !f || f.length !== s.length) return undefined;
  return s.map((d, axis) => {
    const x = f[axis]!,
      first = seed[axis]!;
    if (x === d) return first;
    if (trips !== undefined) {
      const step = sub(x, d);
      if (isOutside(step, c.mark)) return add(first, mul(trips, step));
      if (isOutside(x, c.mark)) return select(isEqual(trips, 0), first, x);
    }
    const [lo, hi] = ctx.scope.bounds(x),
      [flo, fhi] = ctx.scope.bounds(first);
    return ctx.scope.symbol({ kind: 'data', node: nodeName(ctx), output, axis }, [Math.max(0, Math.min(lo, flo)), Math.max(hi, fhi)]);
  });
}

/** Whether every symbol in `d` was there before the body. */
function isOutside(d: Dim, mark: number): boolean {
  if (typeof d === 'number') return true;
  return d.monos.every((m) => m.atoms.every((a) => atomOutside(a, mark)));
}

function atomOutside(a: Atom, mark: number): boolean {
  if (a.kind === SYM) return a.origin?.kind === 'def' ? isOutside(a.origin.of, mark) : a.id < mark;
  return a.args.every((x) => isOutside(x, mark)) && (!a.pred || predOutside(a.pred, mark));
}

function predOutside(p: Pred, mark: number): boolean {
  return (!p.e || isOutside(p.e, mark)) && p.parts.every((q) => predOutside(q, mark));
}
