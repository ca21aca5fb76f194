import { binary } from './elementwise.js';
import { integer } from './op.js';

/** a · 2ᵇ with the bits that leave the type dropped; with broadcasting. Negative shifts give 0. Spec: OpenVINO BitwiseLeftShift-15. */
export const BitwiseLeftShift = binary(
  'BitwiseLeftShift',
  { number: (a, b) => (b < 0 ? 0 : a * 2 ** b), bigint: (a, b) => (b < 0n ? 0n : b >= 64n ? 0n : a << b) },
  { types: integer, since: 15 },
);
