import { unary } from './elementwise.js';

/** e to the power x. Spec: OpenVINO Exp-1. */
export const Exp = unary('Exp', { number: (x) => Math.exp(x) });
