import { unary } from './elementwise.js';
import { floating } from './op.js';

/** x tanh(ln(1 + e^x)) (Misra 2019). Spec: OpenVINO Mish-4. */
export const Mish = unary(
  'Mish',
  { number: (x) => x * Math.tanh(Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))) },
  { types: floating, since: 4, decompose: (g, x) => g.multiply(x, g.tanh(g.softPlus(x))) },
);
