import { cases, f32, i32 } from './cases.js';

/** Broadcasting in both directions, integers, a scalar, zero elements. */
export default cases('Add', {
  tolerance: { rtol: 1e-6, atol: 0 },
  named: [
    {
      name: 'same shape',
      inputs: [f32([2, 3], [1, 2, 3, 4, 5, 6]), f32([2, 3], [10, 20, 30, 40, 50, 60])],
      outputs: [f32([2, 3], [11, 22, 33, 44, 55, 66])],
    },
    { name: 'both broadcast', inputs: [i32([2, 1], [1, 2]), i32([3], [10, 20, 30])], outputs: [i32([2, 3], [11, 21, 31, 12, 22, 32])] },
    {
      name: 'from an axis of the first',
      attributes: { auto_broadcast: 'pdpd', axis: 0 },
      inputs: [f32([2, 2, 1], [1, 2, 3, 4]), f32([2], [10, 20])],
      outputs: [f32([2, 2, 1], [11, 12, 23, 24])],
    },
    { name: 'empty', inputs: [f32([0, 2], []), f32([2], [1, 2])], outputs: [f32([0, 2], [])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { inputs: [random.tensor('f32', shape), random.tensor('f32', random.broadcastable(shape))] };
  },
});
