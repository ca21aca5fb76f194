import { binaryElements } from '../shape/index.js';
import { comparison } from './logic.js';

/** a ≥ b, with broadcasting. Spec: OpenVINO GreaterEqual-1. */
export const GreaterEqual = comparison('GreaterEqual', (a, b) => a >= b, binaryElements.greaterEqual);
