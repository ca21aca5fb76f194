import { binary } from './elementwise.js';

/** a to the power b, with broadcasting. Integers: truncated, so negative powers are 0 but for ±1. Spec: OpenVINO Power-1. */
export const Power = binary('Power', {
  number: (a, b) => a ** b,
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
