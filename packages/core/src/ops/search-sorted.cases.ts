import { cases, f32, i32, i64 } from './cases.js';

/** One row for all, a row each, equal elements from both sides. */
export default cases('SearchSorted', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'one row', inputs: [f32([3], [1, 2, 2]), f32([2, 2], [0, 1, 2, 3])], outputs: [i64([2, 2], [0, 0, 1, 3])] },
    {
      name: 'behind equal ones',
      attributes: { right_mode: true },
      inputs: [f32([3], [1, 2, 2]), f32([2, 2], [0, 1, 2, 3])],
      outputs: [i64([2, 2], [0, 1, 3, 3])],
    },
    {
      name: 'a row each',
      attributes: { output_type: 'i32' },
      inputs: [i32([2, 2], [1, 3, 5, 7]), i32([2, 1], [2, 9])],
      outputs: [i32([2, 1], [1, 2])],
    },
  ],
});
