import { boolean } from './op.js';
import { reduction } from './reduction.js';

/** Whether any element over the axes is true; false where there is nothing. Spec: OpenVINO ReduceLogicalOr-1. */
export const ReduceLogicalOr = reduction(
  'ReduceLogicalOr',
  {
    number: { start: 0, step: (any, x) => (any !== 0 || x !== 0 ? 1 : 0) },
    symbolic: 'or',
  },
  { types: boolean },
);
