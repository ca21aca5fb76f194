/** How a size is multiplied by a floating-point scale: one definition for numbers, expressions and the run-time program. */

export type Rounding = 'floor' | 'ceil' | 'round';

/**
 * round(size · f32(scale)), the product in f32 as resizing operations define it; `round` takes halves to even.
 * A scale p/2^k with p ≤ 64 is multiplied exactly: the same number wherever f32 is exact (size·p < 2^24), and beyond that
 * the one that symbolic arithmetic gives.
 */
export function scaleNumber(n: number, scale: number, rounding: Rounding): number {
  const f = Math.fround(scale);
  const x = isDyadic(f) ? n * f : Math.fround(Math.fround(n) * f);
  if (rounding === 'floor') return Math.floor(x) + 0;
  if (rounding === 'ceil') return Math.ceil(x) + 0;
  const below = Math.floor(x),
    rest = x - below;
  return (rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1) + 0;
}

/** Whether scale = p/2^k with p ≤ 64, k ≤ 10. */
export function isDyadic(scale: number): boolean {
  const p = scale * 1024;
  if (!Number.isInteger(p) || p === 0) return false;
  let odd = Math.abs(p);
  while (odd % 2 === 0) odd /= 2;
  return odd <= 64;
}

const MAX_CHECKED = 8192;
const MAX_DENOMINATOR = 1000;
/** What is proved: (f32 scale, rounding) → the fraction and the sizes 0..upTo for which it gives scaleNumber's answer. */
const proved = new Map<string, { p: number; q: number; upTo: number }>();

/**
 * p/q with round(n·p/q) = scaleNumber(n) for every integer n in [lo, hi]: always for a dyadic scale; else checked number
 * by number, for 0 ≤ lo, hi ≤ 8192. Undefined where it is not so.
 */
export function fractionOf(scale: number, rounding: Rounding, lo: number, hi: number): readonly [p: number, q: number] | undefined {
  if (isDyadic(scale)) {
    let p = scale * 1024,
      q = 1024;
    while (p % 2 === 0 && q > 1) {
      p /= 2;
      q /= 2;
    }
    return [p, q];
  }
  if (!(scale > 0) || lo < 0 || !(hi <= MAX_CHECKED)) return undefined;
  const key = `${scale}${rounding}`;
  let known = proved.get(key);
  if (!known) {
    const [p, q] = nearestFraction(scale);
    proved.set(key, (known = { p, q, upTo: -1 }));
  }
  const { p, q } = known;
  while (known.upTo < hi) {
    const n = known.upTo + 1,
      rest = (p * n) % q,
      below = (p * n - rest) / q;
    const exact =
      rounding === 'floor'
        ? below
        : rounding === 'ceil'
          ? below + (rest > 0 ? 1 : 0)
          : below + (2 * rest > q || (2 * rest === q && below % 2 !== 0) ? 1 : 0);
    if (exact !== scaleNumber(n, scale, rounding)) return undefined;
    known.upTo = n;
  }
  return [p, q];
}

/** The nearest fraction with a denominator of at most 1000, by continued fractions. */
function nearestFraction(x: number): readonly [number, number] {
  let [p0, q0, p1, q1] = [0, 1, 1, 0];
  for (let rest = x; ; ) {
    const whole = Math.floor(rest);
    const p = whole * p1 + p0,
      q = whole * q1 + q0;
    if (q > MAX_DENOMINATOR) break;
    [p0, q0, p1, q1] = [p1, q1, p, q];
    if (Math.abs(p / q - x) <= x * 1e-7 || rest === whole) break;
    rest = 1 / (rest - whole);
  }
  return [p1, q1];
}
