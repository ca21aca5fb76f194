import { lowest } from './limits.js';
import { reduction } from './reduction.js';

/** The largest element over the axes; the smallest value of the type where there is nothing. Spec: OpenVINO ReduceMax-1. */
export const ReduceMax = reduction('ReduceMax', {
  number: { start: 0, step: (top, x) => Math.max(top, x) },
  bigint: { start: 0n, step: (top, x) => (x > top ? x : top) },
  symbolic: 'max',
  start: lowest,
});
