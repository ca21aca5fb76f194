import { binaryElements } from '../shape/index.js';
import { binary } from './elementwise.js';

/** The larger of a and b, with broadcasting. NaN if either is. Spec: OpenVINO Maximum-1. */
export const Maximum = binary('Maximum', {
  number: (a, b) => Math.max(a, b),
  bigint: (a, b) => (a > b ? a : b),
  symbolic: binaryElements.larger,
});
