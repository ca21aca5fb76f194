import { unary } from './elementwise.js';
import { floating } from './op.js';

/** The logistic function 1 / (1 + e^-x). Spec: OpenVINO Sigmoid-1. */
export const Sigmoid = unary('Sigmoid', { number: (x) => 1 / (1 + Math.exp(-x)) }, { types: floating });
