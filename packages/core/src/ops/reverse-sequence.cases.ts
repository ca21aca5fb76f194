import { cases, f32, i32 } from './cases.js';

/** Lengths from 0 to all, the batch on the other axis. */
export default cases('ReverseSequence', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'rows',
      inputs: [f32([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]), i32([3], [0, 2, 3])],
      outputs: [f32([3, 3], [1, 2, 3, 5, 4, 6, 9, 8, 7])],
    },
    {
      name: 'columns',
      attributes: { batch_axis: 1, seq_axis: 0 },
      inputs: [f32([2, 2], [1, 2, 3, 4]), i32([2], [2, 1])],
      outputs: [f32([2, 2], [3, 2, 1, 4])],
    },
  ],
});
