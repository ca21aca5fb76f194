import { cases, f32, i32 } from './cases.js';

const table = f32([3, 2], [1, 2, 3, 4, 5, 6]);

/** Sums, means, an empty bag with and without a default row. */
export default cases('EmbeddingBagOffsets', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'sums', inputs: [table, i32([3], [0, 2, 1]), i32([3], [0, 2, 2])], constants: [2], outputs: [f32([3, 2], [6, 8, 0, 0, 3, 4])] },
    {
      name: 'means, default row',
      attributes: { reduction: 'mean' },
      inputs: [table, i32([3], [0, 2, 1]), i32([3], [0, 2, 2]), i32([], [2])],
      constants: [2, 3],
      outputs: [f32([3, 2], [3, 4, 5, 6, 3, 4])],
    },
    {
      name: 'weights',
      inputs: [table, i32([2], [0, 1]), i32([1], [0]), i32([], [-1]), f32([2], [2, 10])],
      constants: [3],
      outputs: [f32([1, 2], [32, 44])],
    },
  ],
});
