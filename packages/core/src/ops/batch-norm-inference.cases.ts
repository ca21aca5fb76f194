import { cases, f32 } from './cases.js';

export default cases('BatchNormInference', {
  tolerance: { rtol: 1e-5, atol: 1e-5 },
  named: [
    {
      name: 'two channels',
      attributes: { epsilon: 0 },
      inputs: [f32([1, 2, 2], [1, 2, 3, 4]), f32([2], [1, 2]), f32([2], [0, 1]), f32([2], [1, 3]), f32([2], [4, 1])],
      outputs: [f32([1, 2, 2], [0, 0.5, 1, 3])],
    },
    {
      name: 'epsilon, no spatial axes',
      attributes: { epsilon: 0.75 },
      inputs: [f32([2, 1], [1, -1]), f32([1], [1]), f32([1], [0]), f32([1], [0]), f32([1], [0.25])],
      outputs: [f32([2, 1], [1, -1])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [2, 5], dim: [1, 5] });
    const c = [shape[1] as number];
    return {
      attributes: { epsilon: 1e-5 },
      inputs: [
        random.tensor('f32', shape),
        random.tensor('f32', c),
        random.tensor('f32', c),
        random.tensor('f32', c),
        random.tensor('f32', c, 0.1, 2),
      ],
    };
  },
});
