import { unary } from './elementwise.js';

/** Inverse tangent in radians, -π/2 to π/2. Spec: OpenVINO Atan-1. */
export const Atan = unary('Atan', { number: (x) => Math.atan(x) });
