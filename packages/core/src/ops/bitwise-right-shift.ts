import { binary } from './elementwise.js';
import { integer } from './op.js';

/** a / 2ᵇ rounded down: the sign is kept; with broadcasting. Negative shifts are undefined. Spec: OpenVINO BitwiseRightShift-15. */
export const BitwiseRightShift = binary(
  'BitwiseRightShift',
  { number: (a, b) => Math.floor(a / 2 ** b), bigint: (a, b) => (b < 0n ? 0n : b >= 64n ? (a < 0n ? -1n : 0n) : a >> b) },
  { types: integer, since: 15 },
);
