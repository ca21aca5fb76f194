import { binaryElements } from '../shape/index.js';
import { comparison } from './logic.js';

/** a < b, with broadcasting. Spec: OpenVINO Less-1. */
export const Less = comparison('Less', (a, b) => a < b, binaryElements.less);
