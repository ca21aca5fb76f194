import { binaryElements } from '../shape/index.js';
import { binary } from './elementwise.js';

/** The smaller of a and b, with broadcasting. NaN if either is. Spec: OpenVINO Minimum-1. */
export const Minimum = binary('Minimum', {
  number: (a, b) => Math.min(a, b),
  bigint: (a, b) => (a < b ? a : b),
  symbolic: binaryElements.smaller,
});
