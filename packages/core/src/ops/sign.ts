import { unaryElements } from '../shape/index.js';
import { unary } from './elementwise.js';

/** -1, 0 or 1. NaN gives NaN. Spec: OpenVINO Sign-1. */
export const Sign = unary('Sign', {
  number: (x) => Math.sign(x),
  bigint: (x) => (x < 0n ? -1n : x > 0n ? 1n : 0n),
  symbolic: unaryElements.sign,
});
