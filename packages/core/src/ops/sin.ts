import { unary } from './elementwise.js';

/** Sine of an angle in radians. Spec: OpenVINO Sin-1. */
export const Sin = unary('Sin', { number: (x) => Math.sin(x) });
