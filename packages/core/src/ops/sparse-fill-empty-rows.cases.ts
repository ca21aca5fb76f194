import { bool, cases, f32, i64 } from './cases.js';

/** One row empty of three, none empty. */
export default cases('SparseFillEmptyRows', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'one empty',
      inputs: [f32([2], [5, 6]), i64([2], [3, 4]), i64([2, 2], [0, 1, 2, 3]), f32([], [9])],
      constants: [1, 2],
      outputs: [i64([3, 2], [0, 1, 1, 0, 2, 3]), f32([3], [5, 9, 6]), bool([3], [false, true, false])],
    },
    {
      name: 'none empty',
      inputs: [f32([1], [5]), i64([2], [1, 1]), i64([1, 2], [0, 0]), f32([], [9])],
      constants: [1],
      outputs: [i64([1, 2], [0, 0]), f32([1], [5]), bool([1], [false])],
    },
  ],
});
