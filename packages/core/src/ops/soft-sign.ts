import { unary } from './elementwise.js';
import { floating } from './op.js';

/** x / (1 + |x|). Spec: OpenVINO SoftSign-9. */
export const SoftSign = unary(
  'SoftSign',
  { number: (x) => x / (1 + Math.abs(x)) },
  { types: floating, since: 9, decompose: (g, x) => g.divide(x, g.add(g.abs(x), g.scalar(1, x))) },
);
