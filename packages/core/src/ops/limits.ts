/** @file The smallest and largest values of the element types. */
import { bitsOf, isFloat, isSigned, type ElementType } from '../tensor/element.js';

/** The smallest value; -inf for floats. */
export function lowest(type: ElementType): { number: number; bigint: bigint } {
  if (isFloat(type)) return { number: Number.NEGATIVE_INFINITY, bigint: 0n };
  const bits = bitsOf(type);
  return isSigned(type) ? { number: -(2 ** (bits - 1)), bigint: -(1n << BigInt(bits - 1)) } : { number: 0, bigint: 0n };
}

/** The largest value; inf for floats. */
export function highest(type: ElementType): { number: number; bigint: bigint } {
  if (isFloat(type)) return { number: Number.POSITIVE_INFINITY, bigint: 0n };
  const bits = bitsOf(type) - (isSigned(type) ? 1 : 0);
  return { number: 2 ** bits - 1, bigint: (1n << BigInt(bits)) - 1n };
}
