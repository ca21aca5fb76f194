import { unary } from './elementwise.js';

/** Inverse hyperbolic sine. Spec: OpenVINO Asinh-4. */
export const Asinh = unary('Asinh', { number: (x) => Math.asinh(x) }, { since: 4 });
