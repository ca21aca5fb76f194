import { binaryElements } from '../shape/index.js';
import { binary } from './elementwise.js';
import { multiplyFloats } from './scaled.js';

/** a · b with broadcasting. Integers wrap around. Spec: OpenVINO Multiply-1. */
export const Multiply = binary('Multiply', {
  // Math.imul keeps the low 32 bits, which a product in f64 may lose.
  number: (a, b, type) => (type === 'i32' || type === 'u32' ? Math.imul(a, b) : a * b),
  bigint: (a, b) => a * b,
  symbolic: binaryElements.product,
  floats: multiplyFloats,
});
