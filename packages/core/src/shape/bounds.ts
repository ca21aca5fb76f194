/**
 * Bounds of an expression, tiers 2 and 3 (tier 1 is computed when it is made, in table.ts), and its value under a binding.
 *
 * Every tier is a pure function of the expression and is intersected with the ones below it.
 */
import { endProduct, floorDivide, floorModulo, gcd, highEnd, lowEnd } from './interval.js';
import { BCAST, FDIV, FSCALE, GE, EQ, MAX, MAX_DEGREE, MOD, OR, SEL, SYM, TDIV } from './kinds.js';
import { cornerBounds } from './corners.js';
import type { Atom, Dim, Expr, Mono, Pred, Range } from './expr.js';
import { scaleNumber } from './scale.js';

const MAX_OPENINGS = 12;
const MAX_OPEN_TERMS = 48;
const MAX_ENUMERATED = 256;
/** Levels of max and sel that are tried argument by argument. */
const MAX_BRANCHES = 2;

/**
 * An interval that holds every admissible value of `d`.
 * effort 1: interval arithmetic; 2: floor divisions opened to (R − r)/d, r ∈ [0, d−1], and collected over the rationals,
 * max and sel tried argument by argument, products at the corners of their factors' intervals;
 * 3: also enumeration, where one symbol with at most 257 values decides everything. Default 2.
 */
export function bounds(d: Dim, effort: 1 | 2 | 3 = 2): Range {
  if (typeof d === 'number') return [d, d];
  if (effort === 1) return [d.lo, d.hi];
  return effort === 2 ? tightBounds(d) : enumeratedBounds(d);
}

/** Tier 2, remembered in the expression. @internal */
export function tightBounds(e: Expr): Range {
  if (Number.isNaN(e.lo2)) {
    if (e.divides) openDivisions(e);
    else [e.lo2, e.hi2] = [e.lo, e.hi];
    const corners = cornerBounds(e);
    if (corners) intoClass(e, Math.max(e.lo2, corners[0]), Math.min(e.hi2, corners[1]));
  }
  return [e.lo2, e.hi2];
}

/** scale·e = c + Σ terms + slack. */
interface Opened {
  terms: Map<Mono, number>;
  c: number;
  slackLo: number;
  slackHi: number;
  scale: number;
}

/** One floor division opened at a time; the interval after every step is intersected. */
function openDivisions(e: Expr): void {
  const o: Opened = { terms: new Map(), c: e.c, slackLo: 0, slackHi: 0, scale: 1 };
  for (let i = 0; i < e.monos.length; i++) o.terms.set(e.monos[i]!, e.coefs[i]!);
  let [lo, hi] = intervalOf(o, 0);
  lo = Math.max(lo, e.lo);
  hi = Math.min(hi, e.hi);
  for (let step = 0; step < MAX_OPENINGS && o.terms.size <= MAX_OPEN_TERMS && openOne(o, e); step++) {
    const [sumLo, sumHi] = intervalOf(o, 0);
    if (sumLo !== -Infinity) lo = Math.max(lo, -floorDivide(-sumLo, o.scale));
    if (sumHi !== Infinity) hi = Math.min(hi, floorDivide(sumHi, o.scale));
  }
  intoClass(e, lo, hi);
}

/** Replaces a term k·w·⌊R/d⌋ by k·w·(R − r)/d, r ∈ [0, d−1]; false where there is none or numbers grow too large. */
function openOne(o: Opened, e: Expr): boolean {
  const { terms } = o;
  let open: Mono | undefined;
  for (const m of terms.keys()) if (m.divides && divisionOf(m) && (!open || m.depth > open.depth)) open = m;
  if (!open) return false;
  const k = terms.get(open)!,
    atom = divisionOf(open)!;
  const d = atom.args[1] as number,
    r = atom.args[0] as Expr;
  const g = gcd(k, d),
    up = d / g,
    factor = k / g;
  const rest = open.atoms.length === 1 ? undefined : e.table.mono(without(open.atoms, atom));
  if (rest && r.monos.some((m) => m.atoms.length + rest.atoms.length > MAX_DEGREE)) return false;
  terms.delete(open);
  let safe = true;
  const put = (m: Mono, x: number): void => {
    const total = (terms.get(m) ?? 0) + x;
    safe &&= Number.isSafeInteger(total);
    if (total === 0) terms.delete(m);
    else terms.set(m, total);
  };
  if (up !== 1) {
    o.scale *= up;
    o.c *= up;
    o.slackLo *= up;
    o.slackHi *= up;
    for (const [m, x] of terms) {
      safe &&= Number.isSafeInteger(x * up);
      terms.set(m, x * up);
    }
  }
  for (let i = 0; i < r.monos.length; i++) put(rest ? e.table.product(rest, r.monos[i]!) : r.monos[i]!, factor * r.coefs[i]!);
  if (rest) {
    if (r.c !== 0) put(rest, factor * r.c);
  } else o.c += factor * r.c;
  // The slack is −factor·rest·[0, d−1].
  const wlo = rest ? rest.lo : 1,
    whi = rest ? rest.hi : 1,
    f = -factor * (d - 1);
  o.slackLo += Math.min(0, endProduct(f, wlo), endProduct(f, whi));
  o.slackHi += Math.max(0, endProduct(f, wlo), endProduct(f, whi));
  return safe && Number.isSafeInteger(o.c) && Number.isSafeInteger(o.scale);
}

/** The interval of the sum; a max or sel among the terms is also tried with each of its arguments in its place. */
function intervalOf(o: Opened, level: number): Range {
  let lo = o.c + o.slackLo,
    hi = o.c + o.slackHi;
  let branch: Mono | undefined;
  for (const [m, x] of o.terms) {
    lo += x > 0 ? x * m.lo : x * m.hi;
    hi += x > 0 ? x * m.hi : x * m.lo;
    if (!branch && m.atoms.length === 1 && (m.atoms[0]!.kind === MAX || m.atoms[0]!.kind === SEL)) branch = m;
  }
  lo = lowEnd(lo);
  hi = highEnd(hi);
  if (!branch || level >= MAX_BRANCHES) return [lo, hi];
  const k = o.terms.get(branch)!,
    atom = branch.atoms[0]!;
  let least = Infinity,
    leastHi = Infinity,
    most = -Infinity,
    mostLo = -Infinity;
  for (const arg of atom.args) {
    const with_ = substituted(o, branch, k, arg);
    if (!with_) return [lo, hi];
    const [l, h] = intervalOf(with_, level + 1);
    least = Math.min(least, l);
    leastHi = Math.min(leastHi, h);
    most = Math.max(most, h);
    mostLo = Math.max(mostLo, l);
  }
  // k > 0: the sum is the largest of the alternatives; k < 0: the smallest; a selection: one of them.
  const low = atom.kind === MAX && k > 0 ? mostLo : least,
    high = atom.kind === MAX && k < 0 ? leastHi : most;
  return [Math.max(lo, low), Math.min(hi, high)];
}

function substituted(o: Opened, branch: Mono, k: number, arg: Dim): Opened | undefined {
  const terms = new Map(o.terms);
  terms.delete(branch);
  let safe = true,
    { c } = o;
  if (typeof arg === 'number') c += k * arg;
  else {
    c += k * arg.c;
    for (let i = 0; i < arg.monos.length; i++) {
      const total = (terms.get(arg.monos[i]!) ?? 0) + k * arg.coefs[i]!;
      safe &&= Number.isSafeInteger(total);
      if (total === 0) terms.delete(arg.monos[i]!);
      else terms.set(arg.monos[i]!, total);
    }
  }
  return safe && Number.isSafeInteger(c) ? { ...o, terms, c } : undefined;
}

/** Moves the ends into e's congruence class and stores them; an empty interval (nothing admissible) falls back to tier 1. */
function intoClass(e: Expr, lo: number, hi: number): void {
  if (e.mod > 1) {
    if (lo !== -Infinity) lo = lowEnd(lo + floorModulo(e.rem - floorModulo(lo, e.mod), e.mod));
    if (hi !== Infinity) hi = highEnd(hi - floorModulo(floorModulo(hi, e.mod) - e.rem, e.mod));
  }
  e.lo2 = lo <= hi ? lo + 0 : e.lo;
  e.hi2 = lo <= hi ? hi + 0 : e.hi;
}

function divisionOf(m: Mono): Atom | undefined {
  for (const a of m.atoms) if (a.kind === FDIV && typeof a.args[1] === 'number') return a;
  return undefined;
}

function without(atoms: readonly Atom[], atom: Atom): Atom[] {
  const at = atoms.indexOf(atom);
  return atoms.filter((_, i) => i !== at);
}

function enumeratedBounds(e: Expr): Range {
  const s = e.sole;
  if (!s || !(s.hi - s.lo <= MAX_ENUMERATED) || isMonotone(e)) return tightBounds(e);
  if (Number.isNaN(e.lo3)) enumerate(e, s);
  return [e.lo3, e.hi3];
}

function enumerate(e: Expr, s: Atom): void {
  const [tlo, thi] = tightBounds(e);
  let lo = Infinity,
    hi = -Infinity;
  for (let x = s.lo; x <= s.hi; x++) {
    const v = evaluate(e, (symbol) => (symbol === s ? x : NaN));
    if (v < lo) lo = v;
    if (v > hi) hi = v;
  }
  e.lo3 = lo > hi ? tlo : Math.max(lo, tlo) + 0;
  e.hi3 = lo > hi ? thi : Math.min(hi, thi) + 0;
}

/** A chain of monotone operations on one occurrence of the symbol: its interval is exact already. */
function isMonotone(e: Expr): boolean {
  if (e.monos.length !== 1 || e.monos[0]!.atoms.length !== 1) return false;
  const a = e.monos[0]!.atoms[0]!,
    x = a.args[0]!;
  if (a.kind === SYM) return a.origin?.kind !== 'def';
  if (a.kind === FDIV) return typeof a.args[1] === 'number' && typeof x !== 'number' && isMonotone(x);
  if (a.kind === FSCALE) return typeof x !== 'number' && isMonotone(x);
  const y = a.args[1];
  return a.kind === MAX && a.args.length === 2 && typeof x === 'number' && typeof y === 'object' && isMonotone(y);
}

/**
 * The value of `d` where `value` gives the symbols'; NaN where it has none (division by a number ≤ 0, overflow, a symbol or
 * definition outside its bounds). A `def` symbol for which `value` gives NaN is computed from its definition.
 * @internal symbols are atoms here
 */
export function evaluate(d: Dim, value: (symbol: Atom) => number): number {
  if (typeof d === 'number') return d;
  d.table.generation++;
  return valueOf(d, d.table.generation, value);
}

function valueOf(d: Dim, generation: number, value: (symbol: Atom) => number): number {
  if (typeof d === 'number') return d;
  let total = d.c;
  for (let i = 0; i < d.monos.length; i++) {
    let p = d.coefs[i]!;
    for (const a of d.monos[i]!.atoms) p *= atomValue(a, generation, value);
    total += p;
    if (!(p <= Number.MAX_SAFE_INTEGER && p >= -Number.MAX_SAFE_INTEGER)) return NaN;
  }
  return Number.isSafeInteger(total) ? total + 0 : NaN;
}

function atomValue(a: Atom, generation: number, value: (symbol: Atom) => number): number {
  if (a.stamp === generation) return a.value;
  const v = compute(a, generation, value);
  a.stamp = generation;
  return (a.value = v);
}

function compute(a: Atom, generation: number, value: (symbol: Atom) => number): number {
  if (a.kind === SYM) {
    const given = value(a);
    const v = Number.isNaN(given) && a.origin?.kind === 'def' ? valueOf(a.origin.of, generation, value) : given;
    return v >= a.lo && v <= a.hi ? v : NaN;
  }
  if (a.kind === SEL) {
    const p = holds(a.pred!, generation, value);
    return p === undefined ? NaN : valueOf(a.args[p ? 0 : 1]!, generation, value);
  }
  const x = valueOf(a.args[0]!, generation, value);
  if (a.kind === FSCALE) return scaleNumber(x, a.scale, a.rounding);
  let v = x;
  for (let i = 1; i < a.args.length; i++) {
    const y = valueOf(a.args[i]!, generation, value);
    if (Number.isNaN(v) || Number.isNaN(y)) return NaN;
    if (a.kind === MAX) v = Math.max(v, y);
    else if (a.kind === BCAST) v = v === 1 ? y : v;
    else if (y <= 0) return NaN;
    else if (a.kind === FDIV) v = floorDivide(v, y);
    else if (a.kind === MOD) v = floorModulo(v, y);
    else if (a.kind === TDIV) v = Math.trunc(v / y) + 0;
  }
  return v;
}

function holds(p: Pred, generation: number, value: (symbol: Atom) => number): boolean | undefined {
  if (p.e) {
    const v = valueOf(p.e, generation, value);
    return Number.isNaN(v) ? undefined : p.kind === GE ? v >= 0 : p.kind === EQ ? v === 0 : v !== 0;
  }
  let undecided = false;
  for (const part of p.parts) {
    const v = holds(part, generation, value);
    if (v === undefined) undecided = true;
    else if (v === (p.kind === OR)) return v;
  }
  return undecided ? undefined : p.kind !== OR;
}

/** Whether the condition holds where `value` gives the symbols'; undefined where it has no value. @internal */
export function evaluatePred(p: Pred | boolean, value: (symbol: Atom) => number): boolean | undefined {
  if (typeof p === 'boolean') return p;
  const { table } = anyExpr(p);
  table.generation++;
  return holds(p, table.generation, value);
}

/** Some expression inside a condition. @internal */
export function anyExpr(p: Pred): Expr {
  return p.e ?? anyExpr(p.parts[0]!);
}

/** Whether `d` may have the value x, by bounds and congruence. */
export function mayBe(d: Dim, x: number, effort: 1 | 2 | 3 = 2): boolean {
  if (typeof d === 'number') return d === x;
  const [lo, hi] = bounds(d, effort);
  return x >= lo && x <= hi && (d.mod <= 1 || floorModulo(x, d.mod) === d.rem);
}
