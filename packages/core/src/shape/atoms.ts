/** Division, maximum, broadcast, selection and scaling of dimensions. Division rounds to −∞ unless a name says otherwise. */
import { CuveeError } from '../errors.js';
import type { Dim, Expr, Mono, Pred } from './expr.js';
import { checked, soleAtom, sortDims } from './expr.js';
import { bounds, mayBe, tightBounds } from './bounds.js';
import { add, fromTerms, mul, sub } from './dim.js';
import { floorDivide, floorModulo, gcd } from './interval.js';
import { AND, BCAST, FDIV, FSCALE, GE, MAX, MAX_ARGS, MOD, NE, SEL, TDIV } from './kinds.js';
import { not, type Condition } from './predicate.js';
import { contentQuotient, exactDiv } from './quotient.js';
import { fractionOf, scaleNumber, type Rounding } from './scale.js';
import type { ExprTable } from './table.js';

const FLOOR = 4,
  CEIL_ARGUMENT = 0x7fffffff;

function divideByZero(a: Dim): never {
  throw new CuveeError('MODEL_INVALID', `shape arithmetic divides ${typeof a === 'number' ? a : 'a symbolic size'} by 0`);
}

/** ⌊a/b⌋. A symbolic divisor has to be positive at run time: the program stops where it is not. */
export function floorDiv(a: Dim, b: Dim): Dim {
  if (typeof b === 'number') {
    if (b === 0) divideByZero(a);
    if (typeof a === 'number') return floorDivide(a, b);
    if (b === 1) return a;
    if (b < 0) return floorDiv(sub(0, a), -b);
    if (b > CEIL_ARGUMENT) return floorByNumber(a, b);
    return a.table.recall(FLOOR, a.id, b) ?? a.table.remember(FLOOR, a.id, b, floorByNumber(a, b));
  }
  if (a === 0) return 0;
  const [blo, bhi] = bounds(b);
  if (bhi < 0) return floorDiv(sub(0, a), sub(0, b));
  if (blo >= 1) {
    const q = exactDiv(a, b);
    if (q !== undefined) return q;
    if (below(a, b)) return 0;
  }
  return b.table.operation(FDIV, [a, b]);
}

/** 0 ≤ a < b, proved. */
function below(a: Dim, b: Dim): boolean {
  return bounds(a)[0] >= 0 && bounds(sub(b, a))[0] >= 1;
}

/** Multiples of d leave; the rest has coefficients in (−d/2, d/2], a constant in [0, d) and a positive leading coefficient. */
function floorByNumber(e: Expr, d: number): Dim {
  const { table } = e;
  let quotient: Dim = 0,
    r: Dim = e;
  const pulled: [Mono, number][] = [],
    rest: [Mono, number][] = [];
  let c = floorDivide(e.c, d),
    rc = floorModulo(e.c, d),
    g = d;
  for (let i = 0; i < e.monos.length; i++) {
    const m = e.monos[i]!,
      k = e.coefs[i]!;
    let residue = floorModulo(k, d);
    if (residue > d - residue) residue -= d;
    if (residue !== k) pulled.push([m, (k - residue) / d]);
    if (residue !== 0) {
      rest.push([m, residue]);
      g = gcd(g, residue);
    }
  }
  if (pulled.length > 0 || c !== 0) quotient = fromTerms(table, pulled, c);
  if (rest.length === 0) return quotient;
  if (g > 1) {
    for (const term of rest) term[1] /= g;
    rc = floorDivide(rc, g);
    d /= g;
    if (d === 1) return add(quotient, fromTerms(table, rest, rc));
  }
  const negative = rest[0]![1] < 0;
  if (negative) {
    // ⌊R/d⌋ = −⌊(d−1−R)/d⌋; a coefficient d/2 becomes −d/2, which is d/2 less one whole.
    const whole: [Mono, number][] = [];
    for (const term of rest) {
      term[1] = -term[1];
      if (2 * term[1] === -d) {
        term[1] = -term[1];
        whole.push([term[0], 1]);
      }
    }
    rc = d - 1 - rc;
    if (whole.length > 0) quotient = add(quotient, fromTerms(table, whole, 0));
  }
  r = fromTerms(table, rest, rc);
  if (typeof r === 'number') c = floorDivide(r, d);
  const q: Dim = typeof r === 'number' ? c : floorAtom(r, d);
  return negative ? sub(quotient, q) : add(quotient, q);
}

function floorAtom(r: Expr, d: number): Dim {
  const [lo, hi] = tightBounds(r);
  if (lo !== -Infinity && hi !== Infinity && floorDivide(lo, d) === floorDivide(hi, d)) return floorDivide(lo, d);
  const inner = r.monos.length === 1 && r.coefs[0] === 1 ? soleAtom(r.monos[0]!) : undefined;
  if (inner?.kind === FDIV && typeof inner.args[1] === 'number' && typeof inner.args[0] !== 'number') {
    const k = inner.args[1];
    if (Number.isSafeInteger(k * d) && Number.isSafeInteger(r.c * k)) return floorDiv(add(inner.args[0]!, r.c * k), k * d);
  }
  return r.table.operation(FDIV, [r, d]);
}

/** ⌈a/b⌉. */
export function ceilDiv(a: Dim, b: Dim): Dim {
  if (typeof b === 'number') {
    if (b === 0) divideByZero(a);
    if (b < 0) return ceilDiv(sub(0, a), -b);
    return typeof a === 'number' ? -floorDivide(-a, b) + 0 : floorDiv(add(a, b - 1), b);
  }
  const [blo, bhi] = bounds(b);
  if (bhi < 0) return ceilDiv(sub(0, a), sub(0, b));
  if (blo >= 1) {
    const q = exactDiv(a, b);
    if (q !== undefined) return q;
  }
  return floorDiv(add(a, b, -1), b);
}

/** a/b rounded to zero. */
export function truncDiv(a: Dim, b: Dim): Dim {
  if (b === 0) divideByZero(a);
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a) * Math.sign(b) * floorDivide(Math.abs(a), Math.abs(b)) + 0;
  const [alo, ahi] = bounds(a),
    [blo, bhi] = bounds(b);
  if (bhi < 0) return sub(0, truncDiv(a, sub(0, b)));
  if (alo >= 0) return floorDiv(a, b);
  if (ahi <= 0) return sub(0, floorDiv(sub(0, a), b));
  if (b === 1) return a;
  const q = blo >= 1 ? exactDiv(a, b) : undefined;
  return q ?? tableOf(a, b).operation(TDIV, [a, b]);
}

/** a − b·⌊a/b⌋. */
export function mod(a: Dim, b: Dim): Dim {
  if (typeof b === 'number') {
    if (b === 0) divideByZero(a);
    return typeof a === 'number' ? floorModulo(a, b) : sub(a, mul(b, floorDiv(a, b)));
  }
  if (a === 0) return 0;
  const [blo, bhi] = bounds(b);
  if (bhi < 0) return sub(0, mod(sub(0, a), sub(0, b)));
  if (blo >= 1) {
    if (exactDiv(a, b) !== undefined) return 0;
    if (below(a, b)) return a;
  }
  return b.table.operation(MOD, [a, b]);
}

/** The largest. */
export function max(a: Dim, b: Dim = a, ...more: Dim[]): Dim {
  let best = max2(a, b);
  for (const m of more) best = max2(best, m);
  return best;
}

/** The smallest. */
export function min(a: Dim, b: Dim = a, ...more: Dim[]): Dim {
  let best = min2(a, b);
  for (const m of more) best = min2(best, m);
  return best;
}

function max2(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a > b ? a : b;
  return a === b ? a : maximum([a, b]);
}

function min2(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? a : b;
  return a === b ? a : sub(0, maximum([sub(0, a), sub(0, b)]));
}

function maximum(dims: readonly Dim[]): Dim {
  const flat: Dim[] = [];
  for (const d of dims) {
    const k = typeof d === 'number' ? 0 : d.coefs[0]!;
    const atom = typeof d === 'number' || d.monos.length !== 1 || k < 0 ? undefined : soleAtom(d.monos[0]!);
    if (typeof d === 'number' || atom?.kind !== MAX) flat.push(d);
    else for (const x of atom.args) flat.push(add(mul(x, k), d.c));
  }
  const kept: Dim[] = [];
  candidate: for (const d of sortDims(flat)) {
    for (let i = 0; i < kept.length; i++) {
      const order = compare(kept[i]!, d);
      if (order === undefined) continue;
      if (order >= 0) continue candidate;
      kept.splice(i--, 1);
    }
    kept.push(d);
  }
  if (kept.length === 1) return kept[0]!;
  const { table } = kept.find((d): d is Expr => typeof d !== 'number')!;
  while (kept.length > MAX_ARGS) {
    const whole = maximumOf(table, kept.splice(0, MAX_ARGS));
    kept.unshift(typeof whole === 'number' ? whole : table.define(whole, 'd'));
  }
  return maximumOf(table, sortDims(kept));
}

/** Sign of a − b where bounds prove it; ≥ 0 and ≤ 0 both count. */
function compare(a: Dim, b: Dim): number | undefined {
  if (a === b) return 0;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [alo, ahi] = bounds(a),
    [blo, bhi] = bounds(b);
  if (alo >= bhi) return 1;
  if (ahi <= blo) return -1;
  if (typeof a === 'number' || typeof b === 'number') return undefined;
  const [lo, hi] = bounds(sub(a, b));
  return lo >= 0 ? 1 : hi <= 0 ? -1 : undefined;
}

/** max(…) with the common constant and content taken out: g·max(…) + c. */
function maximumOf(table: ExprTable, args: readonly Dim[]): Dim {
  let c = Infinity;
  for (const a of args) c = Math.min(c, typeof a === 'number' ? a : a.c);
  let g = 0;
  const shifted = args.map((a) => sub(a, c));
  for (const a of shifted) {
    if (typeof a === 'number') {
      g = gcd(g, a);
      continue;
    }
    g = gcd(g, a.c);
    for (const k of a.coefs) g = gcd(g, k);
  }
  const reduced = g > 1 ? shifted.map((a) => (typeof a === 'number' ? a / g : contentQuotient(a, g))) : shifted;
  return add(mul(table.operation(MAX, sortDims(reduced)), Math.max(g, 1)), c);
}

/** The size that broadcast operands have together: the one that is not 1. The condition under which they may meet is the caller's. */
export function bcast(...dims: Dim[]): Dim {
  const kept: Expr[] = [];
  let size = 1;
  for (const d of dims) {
    if (typeof d === 'number') {
      // Two different sizes do not broadcast; the answer only has to be one for any order.
      if (d !== 1 && (size === 1 || d > size)) size = d;
      continue;
    }
    const atom = d.monos.length === 1 && d.coefs[0] === 1 && d.c === 0 ? soleAtom(d.monos[0]!) : undefined;
    for (const x of atom?.kind === BCAST ? (atom.args as Expr[]) : [d]) if (!kept.includes(x)) kept.push(x);
  }
  if (size !== 1 || kept.length === 0) return size;
  kept.sort((a, b) => a.id - b.id);
  const sure = kept.find((d) => !mayBe(d, 1));
  if (sure) return sure;
  if (kept.length === 1) return kept[0]!;
  const { table } = kept[0]!;
  while (kept.length > MAX_ARGS) {
    const whole = table.operation(BCAST, kept.splice(0, MAX_ARGS));
    if (typeof whole === 'number') {
      if (whole !== 1) return whole;
    } else kept.unshift(table.define(whole, 'd'));
  }
  return kept.length === 1 ? kept[0]! : table.operation(BCAST, kept);
}

/** p ? a : b. */
export function select(p: Condition, a: Dim, b: Dim): Dim {
  if (typeof p === 'boolean') return p ? a : b;
  if (a === b) return a;
  if (p.kind === NE || p.kind === AND || (p.kind === GE && p.e!.coefs[0]! < 0)) return select(not(p), b, a);
  const { table } = p.e ?? firstExpr(p.parts[0]!);
  return table.operation(SEL, [a, b], p);
}

function firstExpr(p: Pred): Expr {
  return p.e ?? firstExpr(p.parts[0]!);
}

/** The size times a floating-point scale, rounded, as `scaleNumber` computes it; a fraction p/q where that is proved the same. */
export function scaled(d: Dim, scale: number, round: Rounding): Dim {
  if (typeof d === 'number') return checked(scaleNumber(d, scale, round));
  const s = Math.fround(scale);
  const [lo, hi] = bounds(d);
  const fraction = fractionOf(s, round, lo, hi);
  if (fraction === undefined) return s === 0 ? 0 : d.table.operation(FSCALE, [d], undefined, s, round);
  const [p, q] = fraction;
  const x = mul(d, p);
  if (round === 'floor') return floorDiv(x, q);
  if (round === 'ceil') return ceilDiv(x, q);
  const nearest = floorDiv(add(mul(x, 2), q), 2 * q);
  if (q % 2 !== 0) return nearest;
  // Exactly halfway between: the even neighbour.
  return fractionTies(p, q, lo, hi) ? d.table.operation(FSCALE, [d], undefined, s, round) : nearest;
}

/** Whether 2·p·n ≡ q (mod 2q) for some n in [lo, hi]. */
function fractionTies(p: number, q: number, lo: number, hi: number): boolean {
  if (!(hi - lo < 2 * q)) return true;
  for (let n = lo; n <= hi; n++) if (floorModulo(2 * p * n, 2 * q) === q) return true;
  return false;
}

function tableOf(a: Dim, b: Dim): ExprTable {
  return (typeof a !== 'number' ? a : (b as Expr)).table;
}
