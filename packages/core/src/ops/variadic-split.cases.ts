import { cases, f32, i64 } from './cases.js';

/** Given lengths, the rest, an empty part. */
export default cases('VariadicSplit', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'two lengths',
      inputs: [f32([2, 3], [1, 2, 3, 4, 5, 6]), i64([], [1]), i64([2], [1, 2])],
      constants: [1, 2],
      outputs: [f32([2, 1], [1, 4]), f32([2, 2], [2, 3, 5, 6])],
    },
    {
      name: 'the rest',
      inputs: [f32([4], [1, 2, 3, 4]), i64([], [-1]), i64([3], [1, -1, 1])],
      constants: [1, 2],
      outputs: [f32([1], [1]), f32([2], [2, 3]), f32([1], [4])],
    },
    {
      name: 'an empty part',
      inputs: [f32([2], [1, 2]), i64([], [0]), i64([2], [2, 0])],
      constants: [1, 2],
      outputs: [f32([2], [1, 2]), f32([0], [])],
    },
  ],
});
