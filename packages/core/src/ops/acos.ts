import { unary } from './elementwise.js';

/** Inverse cosine in radians, 0 to π. NaN outside [-1, 1]. Spec: OpenVINO Acos-1. */
export const Acos = unary('Acos', { number: (x) => Math.acos(x) });
