/** Exact polynomial division: the quotient if one divides the other as polynomials, whatever the symbols' values. */
import type { Atom, Dim, Expr, Mono } from './expr.js';
import { add, fromTerms, mul, sub } from './dim.js';
import { floorDivide } from './interval.js';

const MAX_DIVISOR_TERMS = 4;
const MAX_STEPS = 48;

/** q with q·b = a identically, or undefined where no such polynomial is found. b = 0 as a number gives undefined. */
export function exactDiv(a: Dim, b: Dim): Dim | undefined {
  if (typeof b === 'number') {
    if (b === 0) return undefined;
    if (typeof a === 'number') return a % b === 0 ? a / b + 0 : undefined;
    if (b === 1) return a;
    if (a.c % b !== 0) return undefined;
    for (const k of a.coefs) if (k % b !== 0) return undefined;
    return fromTerms(
      a.table,
      a.monos.map((m, i) => [m, a.coefs[i]! / b] as const),
      a.c / b + 0,
    );
  }
  if (typeof a === 'number') return a === 0 ? 0 : undefined;
  if (a === b) return 1;
  const terms = b.monos.length + (b.c === 0 ? 0 : 1);
  if (terms === 1) return monomialQuotient(a, b.monos[0]!, b.coefs[0]!);
  return terms <= MAX_DIVISOR_TERMS ? longDivision(a, b) : undefined;
}

function monomialQuotient(a: Expr, m: Mono, k: number): Dim | undefined {
  if (a.c !== 0) return undefined;
  const terms: [Mono, number][] = [];
  let c = 0;
  for (let i = 0; i < a.monos.length; i++) {
    const rest = divideMono(a.monos[i]!.atoms, m.atoms);
    if (!rest || a.coefs[i]! % k !== 0) return undefined;
    if (rest.length === 0) c += a.coefs[i]! / k;
    else terms.push([a.table.mono(rest), a.coefs[i]! / k]);
  }
  return fromTerms(a.table, terms, c);
}

/** The multiset difference, or undefined where `b` is no part of `a`. */
function divideMono(a: readonly Atom[], b: readonly Atom[]): Atom[] | undefined {
  const rest: Atom[] = [];
  let j = 0;
  for (const atom of a)
    if (j < b.length && atom === b[j]) j++;
    else rest.push(atom);
  return j === b.length ? rest : undefined;
}

/** Graded lexicographic order of monos by atom id: compatible with multiplication, as long division needs. */
function compareMono(a: Mono, b: Mono): number {
  if (a.atoms.length !== b.atoms.length) return a.atoms.length - b.atoms.length;
  for (let i = 0; i < a.atoms.length; i++) {
    const d = b.atoms[i]!.id - a.atoms[i]!.id;
    if (d !== 0) return d;
  }
  return 0;
}

function leading(e: Expr): number {
  let best = 0;
  for (let i = 1; i < e.monos.length; i++) if (compareMono(e.monos[i]!, e.monos[best]!) > 0) best = i;
  return best;
}

function longDivision(a: Expr, b: Expr): Dim | undefined {
  const lead = leading(b),
    m = b.monos[lead]!,
    k = b.coefs[lead]!;
  let rest: Dim = a,
    quotient: Dim = 0;
  for (let step = 0; step < MAX_STEPS; step++) {
    if (typeof rest === 'number') return rest === 0 ? quotient : undefined;
    const at: number = leading(rest);
    const atoms = divideMono(rest.monos[at]!.atoms, m.atoms),
      coef: number = rest.coefs[at]!;
    if (!atoms || coef % k !== 0) return undefined;
    const t: Dim = atoms.length === 0 ? coef / k : fromTerms(a.table, [[a.table.mono(atoms), coef / k]], 0);
    quotient = add(quotient, t);
    rest = sub(rest, mul(t, b));
  }
  return undefined;
}

/** Divides every coefficient and the constant, the constant rounded down. @internal */
export function contentQuotient(e: Expr, g: number): Dim {
  return fromTerms(
    e.table,
    e.monos.map((m, i) => [m, e.coefs[i]! / g] as const),
    floorDivide(e.c, g),
  );
}
