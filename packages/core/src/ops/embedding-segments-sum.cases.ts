import { cases, f32, i32 } from './cases.js';

const table = f32([3, 2], [1, 2, 3, 4, 5, 6]);

/** Segments, an empty one with a default row, weights. */
export default cases('EmbeddingSegmentsSum', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'segments',
      inputs: [table, i32([3], [0, 2, 1]), i32([3], [0, 0, 2]), i32([], [3])],
      constants: [3],
      outputs: [f32([3, 2], [6, 8, 0, 0, 3, 4])],
    },
    {
      name: 'default row, weights',
      inputs: [table, i32([1], [1]), i32([1], [1]), i32([], [2]), i32([], [0]), f32([1], [10])],
      constants: [3, 4],
      outputs: [f32([2, 2], [1, 2, 30, 40])],
    },
  ],
});
