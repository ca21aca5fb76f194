import { reduction } from './reduction.js';

/** The product over the axes; 1 where there is nothing. Spec: OpenVINO ReduceProd-1. */
export const ReduceProd = reduction('ReduceProd', {
  number: { start: 1, step: (product, x) => product * x },
  bigint: { start: 1n, step: (product, x) => product * x },
  symbolic: 'prod',
});
