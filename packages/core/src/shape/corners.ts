/**
 * @file Bounds of sums of products whose terms share factors, as `c·h − c` does: a polynomial that is linear in each of its atoms has its
 * extremes where every atom is at an end of its interval. Atoms count as independent, which can only widen the result.
 */
import type { Atom, Expr, Range } from './expr.js';

/** Terms of a polynomial; the one without atoms is its constant. */
type Terms = readonly { readonly k: number; readonly atoms: readonly Atom[] }[];

const MAX_ATOMS = 6;

/** The interval of `e` by its corners; undefined where interval arithmetic finds as much, or corners say nothing. */
export function cornerBounds(e: Expr): Range | undefined {
  const { monos, coefs } = e;
  if (monos.length < 2 || coefs.every((k) => k > 0) || coefs.every((k) => k < 0)) return undefined;
  if (monos.every((m) => m.atoms.length === 1)) return undefined;
  if (monos.some((m) => new Set(m.atoms).size < m.atoms.length)) return undefined;
  if (new Set(monos.flatMap((m) => m.atoms)).size > MAX_ATOMS) return undefined;
  const terms = [{ k: e.c, atoms: [] as readonly Atom[] }, ...monos.map((m, i) => ({ k: coefs[i] as number, atoms: m.atoms }))];
  return [least(terms), -least(terms.map(({ k, atoms }) => ({ k: -k, atoms })))];
}

/** The least value; −∞ where there is none, or numbers grow too large. */
function least(terms: Terms): number {
  const atom = terms.find((t) => t.atoms.length > 0)?.atoms[0];
  if (!atom) {
    const sum = terms.reduce((all, { k }) => all + k, 0);
    return Number.isSafeInteger(sum) ? sum : -Infinity;
  }
  if (atom.lo === -Infinity) return -Infinity;
  const low = at(terms, atom, atom.lo);
  if (!low) return -Infinity;
  if (atom.hi !== Infinity) {
    const high = at(terms, atom, atom.hi);
    return high ? Math.min(least(low), least(high)) : -Infinity;
  }
  const slope = terms.flatMap(({ k, atoms }) => (atoms.includes(atom) ? [{ k, atoms: atoms.filter((a) => a !== atom) }] : []));
  return least(slope) >= 0 ? least(low) : -Infinity;
}

/** The terms with a number in an atom's place; undefined where a product is no safe integer. */
function at(terms: Terms, atom: Atom, x: number): Terms | undefined {
  const out = terms.map((t) => (t.atoms.includes(atom) ? { k: t.k * x, atoms: t.atoms.filter((a) => a !== atom) } : t));
  return out.every(({ k }) => Number.isSafeInteger(k)) ? out : undefined;
}
