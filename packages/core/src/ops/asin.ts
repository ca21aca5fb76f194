import { unary } from './elementwise.js';

/** Inverse sine in radians, -π/2 to π/2. NaN outside [-1, 1]. Spec: OpenVINO Asin-1. */
export const Asin = unary('Asin', { number: (x) => Math.asin(x) });
