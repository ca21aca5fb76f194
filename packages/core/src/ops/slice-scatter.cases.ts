import { cases, f32, i32, i64 } from './cases.js';

/** An inner part, backwards, chosen axes. */
export default cases('SliceScatter', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'inner part',
      inputs: [f32([4], [1, 2, 3, 4]), f32([2], [8, 9]), i64([1], [1]), i64([1], [-1]), i64([1], [1])],
      constants: [2, 3, 4],
      outputs: [f32([4], [1, 8, 9, 4])],
    },
    {
      name: 'backwards',
      inputs: [i32([3], [1, 2, 3]), i32([2], [8, 9]), i64([1], [-1]), i64([1], [-100]), i64([1], [-2])],
      constants: [2, 3, 4],
      outputs: [i32([3], [9, 2, 8])],
    },
    {
      name: 'columns',
      inputs: [f32([2, 2], [1, 2, 3, 4]), f32([2, 1], [8, 9]), i64([1], [1]), i64([1], [2]), i64([1], [1]), i64([1], [1])],
      constants: [2, 3, 4, 5],
      outputs: [f32([2, 2], [1, 8, 3, 9])],
    },
  ],
});
