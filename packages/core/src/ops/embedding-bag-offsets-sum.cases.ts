import { cases, f32, i32 } from './cases.js';

const table = f32([3, 2], [1, 2, 3, 4, 5, 6]);

/** Two bags, an empty one. */
export default cases('EmbeddingBagOffsetsSum', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'two bags', inputs: [table, i32([3], [0, 2, 1]), i32([2], [0, 2])], constants: [2], outputs: [f32([2, 2], [6, 8, 3, 4])] },
    {
      name: 'an empty bag',
      inputs: [table, i32([1], [0]), i32([2], [0, 1]), i32([], [1])],
      constants: [2, 3],
      outputs: [f32([2, 2], [1, 2, 3, 4])],
    },
  ],
});
