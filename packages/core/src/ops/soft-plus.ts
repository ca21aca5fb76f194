import { unary } from './elementwise.js';
import { floating } from './op.js';

/** ln(1 + e^x), without overflow for large x. Spec: OpenVINO SoftPlus-4. */
export const SoftPlus = unary(
  'SoftPlus',
  { number: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) },
  { types: floating, since: 4 },
);
