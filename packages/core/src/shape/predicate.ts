/** Conditions on dimensions: decided to a boolean where bounds allow it, else interned in one normal form. */
import type { Dim, Expr, Pred } from './expr.js';
import { soleAtom } from './expr.js';
import { bounds, mayBe } from './bounds.js';
import { add, linear, sub } from './dim.js';
import { gcd } from './interval.js';
import { AND, EQ, FDIV, GE, NE, OR } from './kinds.js';
import { contentQuotient } from './quotient.js';
import type { ExprTable } from './table.js';

/** A condition, or its answer. */
export type Condition = Pred | boolean;

/** d ≥ 0. */
export function isNonNegative(d: Dim): Condition {
  if (typeof d === 'number') return d >= 0;
  const [lo, hi] = bounds(d);
  if (lo >= 0) return true;
  if (hi < 0) return false;
  const g = content(d);
  const reduced = g > 1 ? contentQuotient(d, g) : d;
  if (typeof reduced === 'number') return reduced >= 0;
  const opened = openFloor(reduced);
  return opened === undefined ? reduced.table.pred(GE, reduced, []) : isNonNegative(opened);
}

/** ⌊R/d⌋ + c ≥ 0 ⇔ R + c·d ≥ 0;  c − ⌊R/d⌋ ≥ 0 ⇔ c·d + d − 1 − R ≥ 0. */
function openFloor(e: Expr): Dim | undefined {
  const k = e.coefs[0]!,
    atom = soleAtom(e.monos[0]!);
  if (e.monos.length !== 1 || (k !== 1 && k !== -1) || atom?.kind !== FDIV) return undefined;
  const d = atom.args[1]!;
  if (typeof d !== 'number' || !Number.isSafeInteger((Math.abs(e.c) + 1) * d)) return undefined;
  return k === 1 ? add(atom.args[0]!, e.c * d) : sub(e.c * d + d - 1, atom.args[0]!);
}

/** a ≥ b. */
export function isAtLeast(a: Dim, b: Dim): Condition {
  return typeof a === 'number' && typeof b === 'number' ? a >= b : isNonNegative(sub(a, b));
}

/** a = b. */
export function isEqual(a: Dim, b: Dim): Condition {
  if (a === b) return true;
  const d = sub(a, b);
  if (typeof d === 'number') return d === 0;
  if (!mayBe(d, 0)) return false;
  const g = content(d);
  if (d.c % g !== 0) return false;
  let e: Dim = g > 1 ? contentQuotient(d, g) : d;
  if (typeof e === 'number') return e === 0;
  if (e.coefs[0]! < 0) e = linear(e, -1, undefined, 0, 0);
  return typeof e === 'number' ? e === 0 : e.table.pred(EQ, e, []);
}

/** Not p. */
export function not(p: Condition): Condition {
  if (typeof p === 'boolean') return !p;
  if (p.kind === GE) return isNonNegative(sub(-1, p.e!));
  if (p.kind === EQ || p.kind === NE) return p.e!.table.pred(p.kind === EQ ? NE : EQ, p.e!, []);
  return (p.kind === OR ? allOf : anyOf)(p.parts.map(not));
}

/** Some of the conditions hold; false for none. */
export function anyOf(parts: readonly Condition[]): Condition {
  return combine(OR, true, parts);
}

/** All of the conditions hold; true for none. */
export function allOf(parts: readonly Condition[]): Condition {
  return combine(AND, false, parts);
}

function combine(kind: number, decisive: boolean, parts: readonly Condition[]): Condition {
  const open: Pred[] = [];
  for (const p of parts) {
    if (p === decisive) return decisive;
    if (typeof p === 'boolean') continue;
    for (const q of p.kind === kind ? p.parts : [p]) if (!open.includes(q)) open.push(q);
  }
  if (open.length === 0) return !decisive;
  if (open.length === 1) return open[0]!;
  for (const p of open) if (p.kind <= NE && open.includes(not(p) as Pred)) return decisive;
  open.sort((a, b) => a.id - b.id);
  return tableOf(open[0]!).pred(kind, undefined, open);
}

/** The condition under which two sizes broadcast: equal, or one of them 1. */
export function canBroadcast(a: Dim, b: Dim): Condition {
  return anyOf([isEqual(a, b), isEqual(a, 1), isEqual(b, 1)]);
}

function tableOf(p: Pred): ExprTable {
  return p.e ? p.e.table : tableOf(p.parts[0]!);
}

/** gcd of the coefficients, the constant left out. @internal */
export function content(e: Expr): number {
  let g = 0;
  for (const k of e.coefs) g = gcd(g, k);
  return g;
}
