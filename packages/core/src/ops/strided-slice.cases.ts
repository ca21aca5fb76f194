import { cases, f32, i64 } from './cases.js';

const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);

/** Masks one by one, a negative stride, an index from the end. */
export default cases('StridedSlice', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'open ends',
      attributes: { begin_mask: [1, 0], end_mask: [0, 1] },
      inputs: [x, i64([2], [1, 1]), i64([2], [1, 0])],
      constants: [1, 2],
      outputs: [f32([1, 2], [2, 3])],
    },
    {
      name: 'backwards',
      attributes: { begin_mask: [1, 1], end_mask: [1, 1] },
      inputs: [x, i64([2], [0, 0]), i64([2], [0, 0]), i64([2], [1, -2])],
      constants: [1, 2, 3],
      outputs: [f32([2, 2], [3, 1, 6, 4])],
    },
    {
      name: 'shrinks to the last row',
      attributes: { shrink_axis_mask: [1] },
      inputs: [x, i64([1], [-1]), i64([1], [0])],
      constants: [1, 2],
      outputs: [f32([3], [4, 5, 6])],
    },
    {
      name: 'a new axis',
      attributes: { new_axis_mask: [0, 1], end_mask: [1] },
      inputs: [x, i64([2], [0, 0]), i64([2], [0, 0])],
      constants: [1, 2],
      outputs: [f32([2, 1, 3], [1, 2, 3, 4, 5, 6])],
    },
    {
      name: 'ellipsis',
      attributes: { ellipsis_mask: [1, 0] },
      inputs: [x, i64([2], [0, 1]), i64([2], [0, 2]), i64([2], [1, 1])],
      constants: [1, 2, 3],
      outputs: [f32([2, 1], [2, 5])],
    },
    { name: 'nothing left', inputs: [x, i64([1], [2]), i64([1], [9])], constants: [1, 2], outputs: [f32([0, 3], [])] },
  ],
});
