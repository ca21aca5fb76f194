import { cases, f32, i64 } from './cases.js';

/** The spectra of frames [1, 2] and [2, 4] of the signal 1 2 4, bins first. */
const spectra = f32([2, 2, 2], [3, 0, 6, 0, -1, 0, -2, 0]);
const sizes = [i64([], [2]), i64([], [1])] as const;

/** Back to the signal; a given length; the middle alone. */
export default cases('ISTFT', {
  tolerance: { rtol: 1e-4, atol: 1e-5 },
  named: [
    { name: 'back to the signal', inputs: [spectra, f32([2], [1, 1]), ...sizes], constants: [2, 3], outputs: [f32([3], [1, 2, 4])] },
    {
      name: 'a given length',
      inputs: [spectra, f32([2], [1, 1]), ...sizes, i64([], [4])],
      constants: [2, 3, 4],
      outputs: [f32([4], [1, 2, 4, 0])],
    },
    {
      name: 'centred, normalized',
      attributes: { center: true, normalized: true },
      inputs: [spectra, f32([2], [1, 1]), ...sizes],
      constants: [2, 3],
      outputs: [f32([1], [2.828427])],
    },
  ],
});
