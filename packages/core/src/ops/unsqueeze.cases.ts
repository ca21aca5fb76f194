import { cases, f32, i32, i64 } from './cases.js';

/** Front and back, a scalar axis, from a scalar. */
export default cases('Unsqueeze', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'front and back', inputs: [f32([2], [1, 2]), i64([2], [0, -1])], constants: [1], outputs: [f32([1, 2, 1], [1, 2])] },
    { name: 'scalar axis', inputs: [i32([2, 1], [1, 2]), i64([], [1])], constants: [1], outputs: [i32([2, 1, 1], [1, 2])] },
    { name: 'from a scalar', inputs: [f32([], [3]), i64([1], [0])], constants: [1], outputs: [f32([1], [3])] },
  ],
});
