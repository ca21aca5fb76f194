/** Questions about dimensions with three answers: true, false, undefined (open; never a default). */
import type { Dim } from './expr.js';
import { bounds, mayBe } from './bounds.js';
import { sub } from './dim.js';
import { floorModulo, gcd } from './interval.js';
import { mod } from './atoms.js';
import { exactDiv } from './quotient.js';

/** A question about two dimensions; undefined where bounds and congruences leave both answers open. */
export type Ask = (a: Dim, b: Dim) => boolean | undefined;

function equal(a: Dim, b: Dim): boolean | undefined {
  if (a === b) return true;
  const d = sub(a, b);
  if (typeof d === 'number') return d === 0;
  if (!mayBe(d, 0, 1) || !mayBe(d, 0, 3)) return false;
  const [lo, hi] = bounds(d, 3);
  return lo === 0 && hi === 0 ? true : undefined;
}

function atLeast(a: Dim, b: Dim): boolean | undefined {
  const d = sub(a, b);
  if (typeof d === 'number') return d >= 0;
  const [lo, hi] = bounds(d, 3);
  return lo >= 0 ? true : hi < 0 ? false : undefined;
}

function divides(d: Dim, n: Dim): boolean | undefined {
  if (d === 0) return undefined;
  if (exactDiv(n, d) !== undefined) return true;
  if (typeof d !== 'number') return undefined;
  if (typeof n === 'number') return n % d === 0;
  const g = gcd(n.mod, d);
  if (floorModulo(n.rem, g) !== 0) return false;
  const rest = mod(n, Math.abs(d));
  if (typeof rest === 'number') return rest === 0;
  if (!mayBe(rest, 0, 3)) return false;
  return bounds(rest, 3)[1] === 0 ? true : undefined;
}

/** equal: a = b; atLeast: a ≥ b; divides: n (second) is a multiple of d (first), d ≠ 0. */
export const decide: { readonly equal: Ask; readonly atLeast: Ask; readonly divides: Ask } = { equal, atLeast, divides };
