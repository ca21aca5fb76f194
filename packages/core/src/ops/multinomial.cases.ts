import { cases, f32, i64 } from './cases.js';

const attributes = { convert_type: 'i64', with_replacement: true, log_probs: false, global_seed: 1, op_seed: 2 };

/** Draws that chance cannot change. */
export default cases('Multinomial', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'certain',
      attributes,
      inputs: [f32([2, 3], [0, 1, 0, 2, 0, 0]), i64([], [2])],
      constants: [1],
      outputs: [i64([2, 2], [1, 1, 0, 0])],
    },
    {
      name: 'certain logarithms',
      attributes: { ...attributes, log_probs: true },
      inputs: [f32([1, 2], [Number.NEGATIVE_INFINITY, 0]), i64([1], [2])],
      constants: [1],
      outputs: [i64([1, 2], [1, 1])],
    },
  ],
});
