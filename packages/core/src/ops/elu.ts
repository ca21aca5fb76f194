import { float } from './attributes.js';
import { unary } from './elementwise.js';
import { floating } from './op.js';

/** x where positive, else alpha (e^x - 1). Spec: OpenVINO Elu-1. */
export const Elu = unary(
  'Elu',
  { number: (x, { alpha }) => (x < 0 ? alpha * Math.expm1(x) : x) },
  { attributes: { alpha: float() }, types: floating },
);
