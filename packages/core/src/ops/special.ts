/** @file Functions that Math lacks, to f64 precision. */

const { exp, abs, sqrt, PI } = Math;

/** The error function, to about 1e-15: its Taylor series near 0, the continued fraction of erfc beyond (DLMF 7.6.2, 7.9.1). */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    // erf x = 2/√π e^(-x²) Σ 2ⁿ x^(2n+1) / (2n+1)!!, all terms positive.
    let term = x;
    let sum = x;
    for (let n = 1; abs(term) > abs(sum) * 1e-17; n++) sum += term *= (2 * x * x) / (2 * n + 1);
    return (2 / sqrt(PI)) * exp(-x * x) * sum;
  }
  let tail = 0;
  for (let n = 60; n >= 1; n--) tail = n / 2 / (a + tail);
  return Math.sign(x) * (1 - exp(-a * a) / (sqrt(PI) * (a + tail)));
}

/** The inverse of the error function: Winitzki's estimate (2008), made exact by Halley's method. */
export function erfInv(x: number): number {
  if (!(abs(x) <= 1)) return Number.NaN;
  if (abs(x) === 1) return x * Number.POSITIVE_INFINITY;
  const log = Math.log1p(-x * x);
  const middle = 2 / (PI * 0.147) + log / 2;
  let y = Math.sign(x) * sqrt(sqrt(middle * middle - log / 0.147) - middle);
  for (let i = 0; i < 4; i++) {
    const step = (erf(y) - x) / ((2 / sqrt(PI)) * exp(-y * y));
    y -= step / (1 + y * step);
  }
  return y;
}

/** Rounds halves to the even neighbour. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Rounds halves away from zero. */
export const roundHalfAway = (x: number): number => (x < 0 ? -Math.round(-x) : Math.round(x));
