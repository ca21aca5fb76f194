import { cases, f32, i64 } from './cases.js';

/** Given axes, negative ones, none, skipped ones, to a scalar. */
export default cases('Squeeze', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'two axes', inputs: [f32([1, 2, 1], [1, 2]), i64([2], [0, -1])], constants: [1], outputs: [f32([2], [1, 2])] },
    { name: 'every axis of size 1', inputs: [f32([1, 2, 1], [1, 2])], outputs: [f32([2], [1, 2])] },
    {
      name: 'skips an axis of size 2',
      attributes: { allow_axis_skip: true },
      inputs: [f32([1, 2], [1, 2]), i64([2], [0, 1])],
      constants: [1],
      outputs: [f32([2], [1, 2])],
    },
    { name: 'to a scalar', inputs: [f32([1], [7]), i64([1], [0])], constants: [1], outputs: [f32([], [7])] },
    { name: 'no elements', inputs: [f32([1, 0], []), i64([1], [0])], constants: [1], outputs: [f32([0], [])] },
  ],
});
