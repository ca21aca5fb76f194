import { highest } from './limits.js';
import { reduction } from './reduction.js';

/** The smallest element over the axes; the largest value of the type where there is nothing. Spec: OpenVINO ReduceMin-1. */
export const ReduceMin = reduction('ReduceMin', {
  number: { start: 0, step: (least, x) => Math.min(least, x) },
  bigint: { start: 0n, step: (least, x) => (x < least ? x : least) },
  symbolic: 'min',
  start: highest,
});
