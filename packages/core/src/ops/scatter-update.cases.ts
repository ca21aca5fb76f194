import { cases, f32, i32, i64 } from './cases.js';

/** Rows, columns, a scalar index, from the end. */
export default cases('ScatterUpdate', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'rows',
      inputs: [f32([3, 2], [0, 0, 0, 0, 0, 0]), i32([2], [2, 0]), f32([2, 2], [1, 2, 3, 4]), i64([], [0])],
      constants: [3],
      outputs: [f32([3, 2], [3, 4, 0, 0, 1, 2])],
    },
    {
      name: 'columns',
      inputs: [i64([2, 2], [1, 2, 3, 4]), i64([1], [1]), i64([2, 1], [8, 9]), i64([], [1])],
      constants: [3],
      outputs: [i64([2, 2], [1, 8, 3, 9])],
    },
    {
      name: 'a scalar index',
      inputs: [f32([3], [1, 2, 3]), i64([], [-1]), f32([], [9]), i64([], [0])],
      constants: [3],
      outputs: [f32([3], [1, 2, 9])],
    },
  ],
});
