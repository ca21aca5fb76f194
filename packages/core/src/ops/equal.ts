import { binaryElements } from '../shape/index.js';
import { comparison } from './logic.js';
import { any } from './op.js';

/** a = b, with broadcasting. Spec: OpenVINO Equal-1. */
export const Equal = comparison('Equal', (a, b) => a === b, binaryElements.equal, any);
