import { cases, f32, i64 } from './cases.js';

const sizes = [i64([], [2]), i64([], [1])] as const;

/** Frames of two samples: their sum and difference; bins first; a window shorter than the frame. */
export default cases('STFT', {
  tolerance: { rtol: 1e-4, atol: 1e-5 },
  named: [
    {
      name: 'sums and differences',
      inputs: [f32([3], [1, 2, 4]), f32([2], [1, 1]), ...sizes],
      constants: [2, 3],
      outputs: [f32([2, 2, 2], [3, 0, -1, 0, 6, 0, -2, 0])],
    },
    {
      name: 'bins first',
      attributes: { transpose_frames: true },
      inputs: [f32([1, 3], [1, 2, 4]), f32([2], [1, 1]), ...sizes],
      constants: [2, 3],
      outputs: [f32([1, 2, 2, 2], [3, 0, 6, 0, -1, 0, -2, 0])],
    },
    {
      name: 'a short window',
      inputs: [f32([2], [1, 2]), f32([1], [10]), ...sizes],
      constants: [2, 3],
      outputs: [f32([1, 2, 2], [10, 0, 10, 0])],
    },
  ],
});
