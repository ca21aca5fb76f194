import { unary } from './elementwise.js';
import { floating } from './op.js';

/** x · min(max(x + 3, 0), 6) / 6 (Howard et al. 2019). Spec: OpenVINO HSwish-4. */
export const HSwish = unary(
  'HSwish',
  { number: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6 },
  { types: floating, since: 4, decompose: (g, x) => g.multiply(x, g.hardSigmoid(x, g.scalar(1 / 6, x), g.scalar(0.5, x))) },
);
