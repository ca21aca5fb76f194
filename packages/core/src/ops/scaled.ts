/** @file Arithmetic on the elements of f32 tensors that sizes went into: size · scale, rounded later. */
import type { FloatElement } from '../ir/fact.js';
import { add, divideScaled, isExpr, multiplyScaled, roundScaled, ScaledValue, sub, type Dim, type Rounding } from '../shape/index.js';

const pending = (x: FloatElement): ScaledValue | undefined =>
  x instanceof ScaledValue ? x : x === undefined || typeof x === 'number' ? undefined : new ScaledValue(x);

/** a · b where one of them is a number. */
export function multiplyFloats(a: FloatElement, b: FloatElement): FloatElement {
  if (typeof a === 'number') return typeof b === 'number' ? Math.fround(a * b) : multiplyFloats(b, a);
  const x = pending(a);
  return x && typeof b === 'number' ? (b === 1 ? a : multiplyScaled(x, b)) : undefined;
}

/** a / b where b is a number. */
export function divideFloats(a: FloatElement, b: FloatElement): FloatElement {
  if (typeof b !== 'number') return undefined;
  if (typeof a === 'number') return Math.fround(a / b);
  const x = pending(a);
  return x && (b === 1 ? a : divideScaled(x, b));
}

const whole = (x: FloatElement): x is Dim => Number.isInteger(x) || isExpr(x as Dim);

/** a + b and a - b of whole values. */
export const addFloats = (a: FloatElement, b: FloatElement): FloatElement => (whole(a) && whole(b) ? add(a, b) : undefined);
export const subtractFloats = (a: FloatElement, b: FloatElement): FloatElement => (whole(a) && whole(b) ? sub(a, b) : undefined);

/** Floor, ceiling, or the nearest whole number (halves to even). */
export function roundFloat(x: FloatElement, rounding: Rounding): FloatElement {
  if (x instanceof ScaledValue) return roundScaled(x, rounding);
  return typeof x === 'number' && !Number.isInteger(x) ? undefined : x;
}
