import { cases, f32, i32, i64 } from './cases.js';

/** Up, down, nothing, fractions, fractions dropped. */
export default cases('Range', {
  tolerance: { rtol: 1e-6, atol: 0 },
  named: [
    { name: 'up', attributes: { output_type: 'i64' }, inputs: [i64([], [2]), i64([], [7]), i64([], [2])], outputs: [i64([3], [2, 4, 6])] },
    {
      name: 'down',
      attributes: { output_type: 'i32' },
      inputs: [i32([], [3]), i32([], [0]), i32([], [-1])],
      constants: [0, 1, 2],
      outputs: [i32([3], [3, 2, 1])],
    },
    { name: 'nothing', attributes: { output_type: 'i64' }, inputs: [i64([], [3]), i64([], [3]), i64([], [1])], outputs: [i64([0], [])] },
    {
      name: 'fractions',
      attributes: { output_type: 'f32' },
      inputs: [f32([], [1]), f32([], [2.5]), f32([], [0.5])],
      outputs: [f32([3], [1, 1.5, 2])],
    },
    {
      name: 'fractions dropped',
      attributes: { output_type: 'i32' },
      inputs: [f32([], [1.2]), f32([], [4.8]), f32([], [1.1])],
      constants: [0, 1, 2],
      outputs: [i32([3], [1, 2, 3])],
    },
  ],
});
