import { cases, f32, i64 } from './cases.js';

/** What does not depend on the sequence: nothing at all, and a range of one integer. */
export default cases('RandomUniform', {
  tolerance: { rtol: 1e-6, atol: 0 },
  named: [
    {
      name: 'no elements',
      attributes: { output_type: 'f32', op_seed: 1, global_seed: 2 },
      inputs: [i64([2], [0, 3]), f32([], [0]), f32([], [1])],
      constants: [0],
      outputs: [f32([0, 3], [])],
    },
    {
      name: 'a single possible integer',
      attributes: { output_type: 'i64', op_seed: 1, global_seed: 2 },
      inputs: [i64([1], [3]), i64([], [5]), i64([], [6])],
      constants: [0],
      outputs: [i64([3], [5, 5, 5])],
    },
  ],
});
