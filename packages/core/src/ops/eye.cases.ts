import { cases, f32, i32, i64 } from './cases.js';

const n = (value: number): ReturnType<typeof i64> => i64([], [value]);

/** The main diagonal, one above, one below in a batch, sizes from inputs. */
export default cases('Eye', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'square',
      attributes: { output_type: 'f32' },
      inputs: [n(2), n(2), n(0)],
      constants: [0, 1, 2],
      outputs: [f32([2, 2], [1, 0, 0, 1])],
    },
    {
      name: 'above',
      attributes: { output_type: 'i32' },
      inputs: [n(2), n(3), n(1)],
      constants: [0, 1, 2],
      outputs: [i32([2, 3], [0, 1, 0, 0, 0, 1])],
    },
    {
      name: 'below, in a batch',
      attributes: { output_type: 'i64' },
      inputs: [n(2), n(1), n(-1), i64([1], [2])],
      constants: [0, 1, 2, 3],
      outputs: [i64([2, 2, 1], [0, 1, 0, 1])],
    },
    {
      name: 'sizes from inputs',
      attributes: { output_type: 'f32' },
      inputs: [i32([1], [1]), i32([1], [2]), i32([1], [0])],
      outputs: [f32([1, 2], [1, 0])],
    },
  ],
});
