import { binaryElements } from '../shape/index.js';
import { binary } from './elementwise.js';
import { addFloats } from './scaled.js';

/** a + b with broadcasting. Integers wrap around. Spec: OpenVINO Add-1. */
export const Add = binary('Add', { number: (a, b) => a + b, bigint: (a, b) => a + b, symbolic: binaryElements.sum, floats: addFloats });
