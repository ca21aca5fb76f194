import { isInteger } from '../tensor/element.js';
import { binary } from './elementwise.js';

/** (a - b)² with broadcasting. Spec: OpenVINO SquaredDifference-1. */
export const SquaredDifference = binary(
  'SquaredDifference',
  // Integers keep the low bits, which a product of doubles may have lost.
  { number: (a, b, type) => (isInteger(type) ? Math.imul(a - b, a - b) : (a - b) * (a - b)), bigint: (a, b) => (a - b) * (a - b) },
  {
    decompose(g, a, b) {
      const d = g.subtract(a, b);
      return g.multiply(d, d);
    },
  },
);
