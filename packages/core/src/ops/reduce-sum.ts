import { reduction } from './reduction.js';

/** Σ x over the axes; 0 where there is nothing. Spec: OpenVINO ReduceSum-1. */
export const ReduceSum = reduction('ReduceSum', {
  number: { start: 0, step: (sum, x) => sum + x },
  bigint: { start: 0n, step: (sum, x) => sum + x },
  symbolic: 'sum',
});
