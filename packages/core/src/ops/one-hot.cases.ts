import { cases, f32, i32, i64 } from './cases.js';

const values = [f32([], [1]), f32([], [0])] as const;

/** Last and first axis, outside indices, negative ones both ways, a scalar. */
export default cases('OneHot', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'last axis',
      attributes: { axis: -1 },
      inputs: [i64([2], [2, 0]), i64([], [3]), ...values],
      constants: [1, 2, 3],
      outputs: [f32([2, 3], [0, 0, 1, 1, 0, 0])],
    },
    {
      name: 'first axis',
      attributes: { axis: 0 },
      inputs: [i32([2], [1, 0]), i64([], [2]), i64([], [5]), i64([], [-5])],
      constants: [1, 2, 3],
      outputs: [i64([2, 2], [-5, 5, 5, -5])],
    },
    {
      name: 'outside',
      attributes: { axis: 1 },
      inputs: [i64([2], [2, -1]), i64([], [2]), ...values],
      constants: [1, 2, 3],
      outputs: [f32([2, 2], [0, 0, 0, 0])],
    },
    {
      name: 'from the end',
      attributes: { axis: 1, negative_indices_mode: 'normalize' },
      inputs: [i64([2], [-1, -3]), i64([], [2]), ...values],
      constants: [1, 2, 3],
      outputs: [f32([2, 2], [0, 1, 0, 0])],
    },
    {
      name: 'scalar',
      attributes: { axis: 0 },
      inputs: [i64([], [1]), i64([], [3]), ...values],
      constants: [1, 2, 3],
      outputs: [f32([3], [0, 1, 0])],
    },
  ],
});
