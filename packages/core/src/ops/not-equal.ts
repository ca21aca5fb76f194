import { binaryElements } from '../shape/index.js';
import { comparison } from './logic.js';
import { any } from './op.js';

/** a ≠ b, with broadcasting. Spec: OpenVINO NotEqual-1. */
export const NotEqual = comparison('NotEqual', (a, b) => a !== b, binaryElements.notEqual, any);
