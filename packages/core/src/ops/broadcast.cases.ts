import { cases, f32, i32, i64 } from './cases.js';

/** Every mode, a scalar, zero elements. */
export default cases('Broadcast', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'numpy',
      inputs: [f32([2, 1], [1, 2]), i64([3], [2, 2, 2])],
      constants: [1],
      outputs: [f32([2, 2, 2], [1, 1, 2, 2, 1, 1, 2, 2])],
    },
    { name: 'scalar', inputs: [i32([], [7]), i64([2], [1, 3])], constants: [1], outputs: [i32([1, 3], [7, 7, 7])] },
    {
      name: 'explicit',
      attributes: { mode: 'explicit' },
      inputs: [f32([2], [1, 2]), i64([2], [2, 3]), i64([1], [0])],
      constants: [1, 2],
      outputs: [f32([2, 3], [1, 1, 1, 2, 2, 2])],
    },
    {
      name: 'bidirectional',
      attributes: { mode: 'bidirectional' },
      inputs: [f32([2, 1], [1, 2]), i64([3], [2, 1, 2])],
      constants: [1],
      outputs: [f32([2, 2, 2], [1, 1, 2, 2, 1, 1, 2, 2])],
    },
    { name: 'to no elements', inputs: [f32([1, 2], [1, 2]), i64([2], [0, 2])], constants: [1], outputs: [f32([0, 2], [])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 5] });
    return { inputs: [random.tensor('f32', random.broadcastable(shape)), i64([shape.length], shape)], constants: [1] };
  },
});
