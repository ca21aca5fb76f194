import { unary } from './elementwise.js';

/** Cosine of an angle in radians. Spec: OpenVINO Cos-1. */
export const Cos = unary('Cos', { number: (x) => Math.cos(x) });
