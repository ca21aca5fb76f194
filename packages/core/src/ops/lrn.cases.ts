import { cases, f32, i64 } from './cases.js';

export default cases('LRN', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    // Sums of squares of the channels: 1+4, 1+4+9, 4+9.
    {
      name: 'across channels',
      attributes: { alpha: 3, beta: 1, bias: 1, size: 3 },
      inputs: [f32([1, 3, 1], [1, 2, 3]), i64([1], [1])],
      outputs: [f32([1, 3, 1], [1 / 6, 2 / 15, 3 / 14])],
      constants: [1],
    },
    {
      name: 'in a 3 by 3 square',
      attributes: { alpha: 9, beta: 0.5, bias: 0, size: 3 },
      inputs: [f32([1, 1, 2, 2], [1, 1, 1, 1]), i64([2], [2, 3])],
      outputs: [f32([1, 1, 2, 2], [0.5, 0.5, 0.5, 0.5])],
      constants: [1],
    },
    {
      name: 'no axes',
      attributes: { alpha: 3, beta: 1, bias: 1, size: 3 },
      inputs: [f32([2], [1, 2]), i64([0], [])],
      outputs: [f32([2], [1 / 4, 2 / 13])],
      constants: [1],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [2, 4], dim: [1, 6] });
    return {
      attributes: { alpha: 0.3, beta: 0.75, bias: 1.5, size: random.pick([1, 3, 5]) },
      inputs: [random.tensor('f32', shape), i64([1], [random.int(0, shape.length - 1)])],
      constants: [1],
    };
  },
});
