import { binaryElements } from '../shape/index.js';
import { binary } from './elementwise.js';
import { subtractFloats } from './scaled.js';

/** a - b with broadcasting. Integers wrap around. Spec: OpenVINO Subtract-1. */
export const Subtract = binary('Subtract', {
  number: (a, b) => a - b,
  bigint: (a, b) => a - b,
  symbolic: binaryElements.difference,
  floats: subtractFloats,
});
