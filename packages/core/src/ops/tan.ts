import { unary } from './elementwise.js';

/** Tangent of an angle in radians. Spec: OpenVINO Tan-1. */
export const Tan = unary('Tan', { number: (x) => Math.tan(x) });
