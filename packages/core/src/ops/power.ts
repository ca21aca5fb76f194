import { isInteger } from '../tensor/element.js';
import { binary } from './elementwise.js';

/** a to the power b, with broadcasting. Integers: truncated, so negative powers are 0 but for ±1. Spec: OpenVINO Power-1. */
export const Power = binary('Power', {
  number: (a, b, type) =>
    isInteger(type)
      ? Number(BigInt.asIntN(32, integerPower(BigInt(a), BigInt(b))))
      : a === 1 || (a === -1 && !Number.isFinite(b) && !Number.isNaN(b))
        ? 1 // IEEE 754: 1 to any power, and -1 to an infinite one
        : a ** b,
  bigint: integerPower,
});

/** By squaring, modulo 2⁶⁴, so that huge exponents end. */
function integerPower(a: bigint, b: bigint): bigint {
  if (b < 0n) return a === 1n ? 1n : a === -1n ? (b % 2n === 0n ? 1n : -1n) : 0n;
  let [result, square] = [1n, a];
  for (let rest = b; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
}
