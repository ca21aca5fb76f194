import { unary } from './elementwise.js';

/** Hyperbolic sine. Spec: OpenVINO Sinh-1. */
export const Sinh = unary('Sinh', { number: (x) => Math.sinh(x) });
