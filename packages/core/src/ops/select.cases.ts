import { bool, cases, f32, i64 } from './cases.js';

export default cases('Select', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'element by element',
      inputs: [bool([3], [1, 0, 1]), f32([3], [1, 2, 3]), f32([3], [-1, -2, -3])],
      outputs: [f32([3], [1, -2, 3])],
    },
    { name: 'all broadcast', inputs: [bool([2, 1], [1, 0]), i64([2], [5, 6]), i64([], [9])], outputs: [i64([2, 2], [5, 6, 9, 9])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return {
      inputs: [
        random.tensor('boolean', random.broadcastable(shape)),
        random.tensor('f32', shape),
        random.tensor('f32', random.broadcastable(shape)),
      ],
    };
  },
});
