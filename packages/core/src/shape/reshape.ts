/** The shape that a reshape gives, with 0 (copy) and −1 (the rest) resolved symbolically. */
import { bounds } from './bounds.js';
import { floorDiv, max, mod, select } from './atoms.js';
import { decide } from './decide.js';
import { add, product } from './dim.js';
import type { Dim, Expr, Range, Shape } from './expr.js';
import { isAtLeast, isEqual } from './predicate.js';
import { exactDiv } from './quotient.js';
import { describe, nodeName, requireEqual, requireTrue, type ShapeContext } from './scope.js';

/**
 * `from` viewed as `pattern`: a 0 copies the input's dimension where `specialZero`, a −1 takes what is left. Equal
 * dimensions are cancelled before anything is divided, so that a batch of 0 is harmless. A symbolic value that cannot be
 * negative is a size, also where it comes to 0; one that can be is tested for −1 and 0 when it is known. An input of dynamic rank gives the
 * pattern with −1 and copied dimensions unknown.
 */
export function reshape(ctx: ShapeContext, from: Shape, pattern: readonly Dim[], specialZero: boolean): Shape {
  const { scope } = ctx;
  const wanted = pattern.map((d) => scope.resolve(d));
  const rest = wanted.indexOf(-1);
  if (rest !== -1 && wanted.indexOf(-1, rest + 1) !== -1) ctx.fail(`the pattern ${text(wanted)} has more than one -1`);
  for (const d of wanted)
    if (typeof d === 'number' ? d < -1 : bounds(d)[1] < 0) ctx.fail(`the pattern ${text(wanted)} has a negative size`);
  if (!from) return wanted.map((d, i) => (d === -1 || (d === 0 && specialZero) || mayBeNegative(d) ? unknown(ctx, i) : d));
  const source = from.map((d) => scope.resolve(d));
  if (wanted.some((d) => d !== -1 && mayBeNegative(d))) return openPattern(ctx, source, wanted, specialZero);
  const out: Dim[] = [];
  const left: (Dim | undefined)[] = source.slice();
  const right: Dim[] = [];
  wanted.forEach((d, i) => {
    if (d === 0 && specialZero) {
      const copied = source[i];
      if (copied === undefined) return ctx.fail(`the pattern ${text(wanted)} copies axis ${i} of a shape of rank ${source.length}`);
      out[i] = copied;
    } else out[i] = d;
    if (d !== -1) cancel(left, right, out[i]!, i);
  });
  const remaining = left.filter((d): d is Dim => d !== undefined);
  if (rest === -1) {
    if (!(source.includes(0) && out.includes(0))) balance(ctx, source, wanted, remaining, right); // no elements either way
    return out;
  }
  const size = quotient(ctx, source, wanted, product(remaining), product(right));
  narrow(ctx, size, remaining, right);
  out[rest] = size;
  return out;
}

function mayBeNegative(d: Dim): boolean {
  return bounds(d)[0] < 0;
}

/** A pattern with values that only the run tells, any of which may be −1 or 0. Values that are sizes (≥ 0) are taken literally. */
function openPattern(ctx: ShapeContext, source: readonly Dim[], wanted: readonly Dim[], specialZero: boolean): Shape {
  const what = `the pattern ${text(wanted)} has a value below -1`;
  for (const d of wanted) if (d !== -1 && mayBeNegative(d)) requireTrue(ctx, what, isAtLeast(d, -1), [d]);
  const pattern = wanted.map((d) => ctx.scope.resolve(d)),
    isRest = pattern.map((d) => isEqual(d, -1));
  requireTrue(
    ctx,
    `the pattern ${text(wanted)} has more than one -1`,
    isAtLeast(
      1,
      isRest.reduce<Dim>((n, p) => add(n, select(p, 1, 0)), 0),
    ),
  );
  const sizes = pattern.map((d, i) => {
    if (d === 0) return specialZero ? (source[i] ?? 0) : 0;
    const size = max(d, 0);
    return specialZero && mayBeNegative(d) && source[i] !== undefined ? select(isEqual(d, 0), source[i]!, size) : size;
  });
  const total = product(source),
    known = product(sizes.map((d, i) => select(isRest[i]!, 1, d)));
  const rest = floorDiv(total, max(known, 1));
  const out = sizes.map((d, i) => select(isRest[i]!, rest, d));
  requireTrue(
    ctx,
    `${text(source)} has not as many elements as the pattern ${text(wanted)}: {0} against {1}`,
    isEqual(total, product(out)),
    [total, product(out)],
  );
  for (const d of out) ctx.scope.refine(d, [0, Infinity]);
  return out.map((d) => ctx.scope.resolve(d));
}

/** Removes one equal dimension from the left side, the one in the same place if possible; otherwise the size goes right. */
function cancel(left: (Dim | undefined)[], right: Dim[], d: Dim, at: number): void {
  const i = left[at] === d ? at : left.indexOf(d);
  if (i === -1) right.push(d);
  else left[i] = undefined;
}

function balance(ctx: ShapeContext, source: readonly Dim[], wanted: readonly Dim[], left: readonly Dim[], right: readonly Dim[]): void {
  const a = product(left),
    b = product(right);
  if (a === b) return;
  const what = `${text(source)} has not as many elements as the pattern ${text(wanted)}: {0} against {1}`;
  if (decide.equal(a, b) === false) requireTrue(ctx, what, false, [a, b]);
  // One unknown factor against known ones is an equation for it: h·3 = 12 means h = 4.
  requireTrue(ctx, what, isEqual(a, b), [a, b]);
}

function quotient(ctx: ShapeContext, source: readonly Dim[], wanted: readonly Dim[], total: Dim, known: Dim): Dim {
  if (known === 1) return total;
  if (known === 0) {
    if (total !== 0) requireEqual(ctx, `${text(source)} viewed as ${text(wanted)}: numbers of elements`, total, 0);
    return 0;
  }
  const exact = exactDiv(total, known);
  if (exact !== undefined) return exact;
  const what = `${text(source)} does not divide into the pattern ${text(wanted)}: {0} is no multiple of {1}`;
  if (decide.divides(known, total) === false) requireTrue(ctx, what, false, [total, known]);
  const [lo, hi] = ctx.scope.bounds(total),
    [klo, khi] = ctx.scope.bounds(known);
  if (typeof known === 'number' && Math.ceil(lo / known) > Math.floor(hi / known)) requireTrue(ctx, what, false, [total, known]);
  requireTrue(ctx, what, isEqual(mod(total, known), 0), [total, known]);
  const result = floorDiv(total, known);
  const least = khi === Infinity ? 0 : Math.ceil(Math.max(0, lo) / Math.max(1, khi)),
    most = hi === Infinity ? Infinity : Math.floor(hi / Math.max(1, klo));
  ctx.scope.refine(result, [least, most]);
  return result;
}

/** What guards say of the factors limits a product of them: an expanded product no longer shows it. */
function narrow(ctx: ShapeContext, size: Dim, factors: readonly Dim[], divisors: readonly Dim[]): void {
  if (typeof size === 'number' || divisors.length > 0) return;
  const ranges = factors.map((d) => ctx.scope.bounds(d));
  ctx.scope.refine(size, [ranges.reduce((p, [lo]) => p * lo, 1), ranges.reduce((p, [, hi]) => (hi === 0 ? 0 : p * hi), 1)]);
}

function unknown(ctx: ShapeContext, axis: number, range: Range = [0, Infinity]): Expr {
  return ctx.scope.symbol({ kind: 'data', node: nodeName(ctx), output: 0, axis }, range);
}

function text(dims: readonly Dim[]): string {
  return `[${dims.map(describe).join(',')}]`;
}
