import { boolean } from './op.js';
import { reduction } from './reduction.js';

/** Whether all elements over the axes are true; true where there is nothing. Spec: OpenVINO ReduceLogicalAnd-1. */
export const ReduceLogicalAnd = reduction(
  'ReduceLogicalAnd',
  {
    number: { start: 1, step: (all, x) => (all !== 0 && x !== 0 ? 1 : 0) },
    symbolic: 'and',
  },
  { types: boolean },
);
