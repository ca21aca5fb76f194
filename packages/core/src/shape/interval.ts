/**
 * Numbers under the shape algebra: exact integer division, greatest common divisors, outward-rounding interval ends.
 *
 * Values are safe integers; interval ends may be ±Infinity. An end beyond 2^53−1 is moved outward to infinity (or inward
 * to the last safe integer on the side where that is outward), so that every interval stays a superset of the truth.
 */

export const MAX_SAFE = Number.MAX_SAFE_INTEGER;

/** ⌊a/b⌋ for safe integers, exact at every magnitude; b ≠ 0. */
export function floorDivide(a: number, b: number): number {
  const m = a % b;
  return (a - m) / b - (m !== 0 && m < 0 !== b < 0 ? 1 : 0) + 0;
}

/** a − b·⌊a/b⌋ for safe integers; b ≠ 0. The result has the sign of b. */
export function floorModulo(a: number, b: number): number {
  const m = a % b;
  return (m !== 0 && m < 0 !== b < 0 ? m + b : m) + 0;
}

/** Greatest common divisor of two integers, ≥ 0; gcd(0, 0) = 0. */
export function gcd(a: number, b: number): number {
  a = a < 0 ? -a : a;
  b = b < 0 ? -b : b;
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** A lower end, rounded outward to what f64 holds exactly. */
export function lowEnd(x: number): number {
  return x < -MAX_SAFE ? -Infinity : x > MAX_SAFE ? MAX_SAFE : x + 0;
}

/** An upper end, rounded outward to what f64 holds exactly. */
export function highEnd(x: number): number {
  return x > MAX_SAFE ? Infinity : x < -MAX_SAFE ? -MAX_SAFE : x + 0;
}

/** A product of interval ends: 0·∞ is 0, because the factor 0 is attained. */
export function endProduct(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}

/** Lower end of the product of two intervals. */
export function productLow(alo: number, ahi: number, blo: number, bhi: number): number {
  return lowEnd(Math.min(endProduct(alo, blo), endProduct(alo, bhi), endProduct(ahi, blo), endProduct(ahi, bhi)));
}

/** Upper end of the product of two intervals. */
export function productHigh(alo: number, ahi: number, blo: number, bhi: number): number {
  return highEnd(Math.max(endProduct(alo, blo), endProduct(alo, bhi), endProduct(ahi, blo), endProduct(ahi, bhi)));
}

/** ⌊a/b⌋ of interval ends, b ≥ 1; b = ∞ is the limit from below it (0 or −1). */
export function endQuotient(a: number, b: number): number {
  if (a === Infinity || a === -Infinity) return b === Infinity ? (a < 0 ? -1 : 0) : a;
  if (b === Infinity) return a < 0 ? -1 : 0;
  return floorDivide(a, b);
}

/** Truncated quotient of interval ends, b ≥ 1. */
export function endTruncated(a: number, b: number): number {
  return a < 0 ? -endQuotient(-a, b) + 0 : endQuotient(a, b);
}

/** Product of two non-negative moduli, or 1 (no knowledge) where sums of two residues would leave the safe integers. */
export function modulusProduct(a: number, b: number): number {
  const p = a * b;
  return p <= MAX_SAFE / 2 ? p : 1;
}

/** Product of residues modulo m without leaving the safe integers; undefined where that would happen. */
export function residueProduct(a: number, b: number, m: number): number | undefined {
  const p = a * b;
  return Number.isSafeInteger(p) ? floorModulo(p, m) : undefined;
}
