import { cases, f32, i32 } from './cases.js';

const table = f32([3, 2], [1, 2, 3, 4, 5, 6]);

/** Sums, means, weights. */
export default cases('EmbeddingBagPacked', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'sums', inputs: [table, i32([2, 2], [0, 2, 1, 1])], outputs: [f32([2, 2], [6, 8, 6, 8])] },
    { name: 'means', attributes: { reduction: 'mean' }, inputs: [table, i32([2, 2], [0, 2, 1, 1])], outputs: [f32([2, 2], [3, 4, 3, 4])] },
    { name: 'weights', inputs: [table, i32([1, 2], [0, 1]), f32([1, 2], [2, 10])], outputs: [f32([1, 2], [32, 44])] },
  ],
});
