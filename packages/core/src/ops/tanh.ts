import { unary } from './elementwise.js';

/** Hyperbolic tangent. Spec: OpenVINO Tanh-1. */
export const Tanh = unary('Tanh', { number: (x) => Math.tanh(x) });
