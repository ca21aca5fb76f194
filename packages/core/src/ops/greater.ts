import { binaryElements } from '../shape/index.js';
import { comparison } from './logic.js';

/** a > b, with broadcasting. Spec: OpenVINO Greater-1. */
export const Greater = comparison('Greater', (a, b) => a > b, binaryElements.greater);
