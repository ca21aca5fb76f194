import { unary } from './elementwise.js';
import { erf } from './special.js';

/** The error function 2/√π ∫₀ˣ e^(-t²) dt. Odd, between -1 and 1. Spec: OpenVINO Erf-1. */
export const Erf = unary('Erf', { number: (x) => erf(x) });
