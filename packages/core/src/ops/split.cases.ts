import { cases, f32, i64 } from './cases.js';

/** Both axes of a matrix, one part, zero elements. */
export default cases('Split', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'columns',
      attributes: { num_splits: 2 },
      inputs: [f32([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]), i64([], [-1])],
      constants: [1],
      outputs: [f32([2, 2], [1, 2, 5, 6]), f32([2, 2], [3, 4, 7, 8])],
    },
    {
      name: 'rows',
      attributes: { num_splits: 2 },
      inputs: [i64([2, 2], [1, 2, 3, 4]), i64([], [0])],
      constants: [1],
      outputs: [i64([1, 2], [1, 2]), i64([1, 2], [3, 4])],
    },
    {
      name: 'one part',
      attributes: { num_splits: 1 },
      inputs: [f32([2], [1, 2]), i64([], [0])],
      constants: [1],
      outputs: [f32([2], [1, 2])],
    },
    {
      name: 'no elements',
      attributes: { num_splits: 2 },
      inputs: [f32([0, 2], []), i64([], [1])],
      constants: [1],
      outputs: [f32([0, 1], []), f32([0, 1], [])],
    },
  ],
});
