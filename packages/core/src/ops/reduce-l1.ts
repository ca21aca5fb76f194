import { reduction } from './reduction.js';

/** Σ |x| over the axes. Spec: OpenVINO ReduceL1-4. */
export const ReduceL1 = reduction(
  'ReduceL1',
  {
    number: { start: 0, step: (sum, x) => sum + Math.abs(x) },
    bigint: { start: 0n, step: (sum, x) => sum + (x < 0n ? -x : x) },
  },
  { since: 4 },
);
