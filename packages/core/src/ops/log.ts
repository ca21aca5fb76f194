import { unary } from './elementwise.js';

/** Natural logarithm. -inf at 0, NaN below. Spec: OpenVINO Log-1. */
export const Log = unary('Log', { number: (x) => Math.log(x) });
