import { unary } from './elementwise.js';
import { floating } from './op.js';

/** min(max(x + 3, 0), 6) / 6. Spec: OpenVINO HSigmoid-5. */
export const HSigmoid = unary(
  'HSigmoid',
  { number: (x) => Math.min(Math.max(x + 3, 0), 6) / 6 },
  { types: floating, since: 5, decompose: (g, x) => g.hardSigmoid(x, g.scalar(1 / 6, x), g.scalar(0.5, x)) },
);
