import { unary } from './elementwise.js';
import { roundFloat } from './scaled.js';

/** The smallest whole number not below x. Integers stay as they are. Spec: OpenVINO Ceiling-1. */
export const Ceiling = unary('Ceiling', {
  number: (x) => Math.ceil(x),
  bigint: (x) => x,
  symbolic: (x) => x,
  floats: (x) => roundFloat(x, 'ceil'),
});
