import { cases, f32, i32, i64 } from './cases.js';

/** Forwards, backwards, beyond the length, two axes, one axis twice. */
export default cases('Roll', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'forwards', inputs: [f32([4], [1, 2, 3, 4]), i64([], [1]), i64([], [0])], constants: [2], outputs: [f32([4], [4, 1, 2, 3])] },
    {
      name: 'backwards, beyond the length',
      inputs: [i32([3], [1, 2, 3]), i64([1], [-4]), i64([1], [-1])],
      constants: [1, 2],
      outputs: [i32([3], [2, 3, 1])],
    },
    {
      name: 'two axes',
      inputs: [f32([2, 3], [1, 2, 3, 4, 5, 6]), i64([2], [1, 1]), i64([2], [0, 1])],
      constants: [1, 2],
      outputs: [f32([2, 3], [6, 4, 5, 3, 1, 2])],
    },
    {
      name: 'one axis twice',
      inputs: [f32([3], [1, 2, 3]), i64([2], [1, 1]), i64([2], [0, 0])],
      constants: [1, 2],
      outputs: [f32([3], [2, 3, 1])],
    },
  ],
});
