import { unary } from './elementwise.js';

/** Hyperbolic cosine. Spec: OpenVINO Cosh-1. */
export const Cosh = unary('Cosh', { number: (x) => Math.cosh(x) });
