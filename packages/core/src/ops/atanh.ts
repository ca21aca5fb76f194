import { unary } from './elementwise.js';

/** Inverse hyperbolic tangent. Infinite at ±1, NaN beyond. Spec: OpenVINO Atanh-4. */
export const Atanh = unary('Atanh', { number: (x) => Math.atanh(x) }, { since: 4 });
