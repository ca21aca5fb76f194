import { reduction } from './reduction.js';

/** √Σ x² over the axes. Spec: OpenVINO ReduceL2-4. */
export const ReduceL2 = reduction(
  'ReduceL2',
  {
    number: { start: 0, step: (sum, x) => sum + x * x, finish: Math.sqrt },
  },
  { since: 4 },
);
