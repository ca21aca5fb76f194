import { binaryElements } from '../shape/index.js';
import { comparison } from './logic.js';

/** a ≤ b, with broadcasting. Spec: OpenVINO LessEqual-1. */
export const LessEqual = comparison('LessEqual', (a, b) => a <= b, binaryElements.lessEqual);
