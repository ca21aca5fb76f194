import { cases, f32, i32, i64 } from './cases.js';

/** Whole tuples, rows, batches, negative indices. */
export default cases('GatherND', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'elements', inputs: [f32([2, 2], [1, 2, 3, 4]), i32([2, 2], [0, 0, 1, 1])], outputs: [f32([2], [1, 4])] },
    { name: 'rows', inputs: [f32([2, 2], [1, 2, 3, 4]), i64([2, 1], [1, 0])], outputs: [f32([2, 2], [3, 4, 1, 2])] },
    {
      name: 'batches',
      attributes: { batch_dims: 1 },
      inputs: [i64([2, 3], [1, 2, 3, 4, 5, 6]), i64([2, 1], [1, -1])],
      outputs: [i64([2], [2, 6])],
    },
    { name: 'no tuples', inputs: [f32([2, 2], [1, 2, 3, 4]), i64([0, 1], [])], outputs: [f32([0, 2], [])] },
  ],
});
