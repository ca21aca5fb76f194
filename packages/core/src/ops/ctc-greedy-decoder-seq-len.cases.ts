import { cases, f32, i32, i64 } from './cases.js';

/** Steps 0 0 blank 1 of three classes. */
const x = f32([1, 4, 3], [9, 0, 0, 9, 0, 0, 0, 0, 9, 0, 9, 0]);

/** Merging and not, another blank, a shorter row. */
export default cases('CTCGreedyDecoderSeqLen', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'merges', inputs: [x, i32([1], [4])], outputs: [i32([1, 4], [0, 1, -1, -1]), i32([1], [2])] },
    {
      name: 'another blank',
      attributes: { merge_repeated: false, classes_index_type: 'i64', sequence_length_type: 'i64' },
      inputs: [x, i32([1], [4]), i32([1], [0])],
      outputs: [i64([1, 4], [2, 1, -1, -1]), i64([1], [2])],
    },
    { name: 'a shorter row', inputs: [x, i32([1], [1])], outputs: [i32([1, 4], [0, -1, -1, -1]), i32([1], [1])] },
  ],
});
