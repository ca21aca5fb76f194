import { unary } from './elementwise.js';
import { roundFloat } from './scaled.js';

/** The largest whole number not above x. Integers stay as they are. Spec: OpenVINO Floor-1. */
export const Floor = unary('Floor', {
  number: (x) => Math.floor(x),
  bigint: (x) => x,
  symbolic: (x) => x,
  floats: (x) => roundFloat(x, 'floor'),
});
