import { cases, f32 } from './cases.js';

/** Steps 0 0 blank 1 of three classes. */
const x = f32([4, 1, 3], [9, 0, 0, 9, 0, 0, 0, 0, 9, 0, 9, 0]);

/** Merging and not, a mask that ends early. */
export default cases('CTCGreedyDecoder', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'merges', inputs: [x, f32([4, 1], [1, 1, 1, 1])], outputs: [f32([1, 4, 1, 1], [0, 1, -1, -1])] },
    {
      name: 'does not merge',
      attributes: { ctc_merge_repeated: false },
      inputs: [x, f32([4, 1], [1, 1, 1, 1])],
      outputs: [f32([1, 4, 1, 1], [0, 0, 1, -1])],
    },
    { name: 'ends early', inputs: [x, f32([4, 1], [1, 0, 0, 0])], outputs: [f32([1, 4, 1, 1], [0, -1, -1, -1])] },
  ],
});
