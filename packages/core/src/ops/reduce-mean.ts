import { reduction } from './reduction.js';

/** The mean over the axes, truncated for integers; NaN, or 0 for integers, where there is nothing. Spec: OpenVINO ReduceMean-1. */
export const ReduceMean = reduction('ReduceMean', {
  number: { start: 0, step: (sum, x) => sum + x, finish: (sum, count) => sum / count },
  bigint: { start: 0n, step: (sum, x) => sum + x, finish: (sum, count) => (count === 0 ? 0n : sum / BigInt(count)) },
});
