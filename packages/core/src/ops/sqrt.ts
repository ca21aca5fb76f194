import { unary } from './elementwise.js';

/** Square root. NaN below 0. Spec: OpenVINO Sqrt-1. */
export const Sqrt = unary('Sqrt', { number: (x) => Math.sqrt(x) });
