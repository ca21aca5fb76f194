import { binary } from './elementwise.js';
import { integer } from './op.js';

/** a / 2ᵇ rounded down: the sign is kept; with broadcasting. Negative shifts count as ones beyond all bits. Spec: OpenVINO BitwiseRightShift-15. */
export const BitwiseRightShift = binary(
  'BitwiseRightShift',
  {
    number: (a, b) => (b < 0 || b >= 32 ? (a < 0 ? -1 : 0) : Math.floor(a / 2 ** b)),
    bigint: (a, b) => (b < 0n || b >= 64n ? (a < 0n ? -1n : 0n) : a >> b),
  },
  { types: integer, since: 15 },
);
