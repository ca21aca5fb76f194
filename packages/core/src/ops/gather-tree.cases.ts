import { cases, i32 } from './cases.js';

/** Two beams that share a parent; one that ends early. */
export default cases('GatherTree', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'two beams',
      inputs: [i32([3, 1, 2], [1, 2, 3, 4, 5, 6]), i32([3, 1, 2], [0, 0, 0, 1, 1, 0]), i32([1], [3]), i32([], [9])],
      outputs: [i32([3, 1, 2], [2, 1, 4, 3, 5, 6])],
    },
    {
      name: 'ends early',
      inputs: [i32([3, 1, 1], [1, 9, 3]), i32([3, 1, 1], [0, 0, 0]), i32([1], [3]), i32([], [9])],
      outputs: [i32([3, 1, 1], [1, 9, 9])],
    },
  ],
});
