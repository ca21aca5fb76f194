import { unary } from './elementwise.js';

/** Inverse hyperbolic cosine. NaN below 1. Spec: OpenVINO Acosh-4. */
export const Acosh = unary('Acosh', { number: (x) => Math.acosh(x) }, { since: 4 });
