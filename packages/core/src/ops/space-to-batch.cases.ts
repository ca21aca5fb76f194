import { cases, f32, i64 } from './cases.js';

/** One block, with and without padding. */
export default cases('SpaceToBatch', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'whole',
      inputs: [f32([1, 4], [1, 3, 2, 4]), i64([2], [1, 2]), i64([2], [0, 0]), i64([2], [0, 0])],
      constants: [1, 2, 3],
      outputs: [f32([2, 2], [1, 2, 3, 4])],
    },
    {
      name: 'padded',
      inputs: [f32([1, 2], [1, 2]), i64([2], [1, 2]), i64([2], [0, 1]), i64([2], [0, 1])],
      constants: [1, 2, 3],
      outputs: [f32([2, 2], [0, 2, 1, 0])],
    },
  ],
});
