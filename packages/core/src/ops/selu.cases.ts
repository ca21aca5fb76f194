import { cases, f32 } from './cases.js';

export default cases('Selu', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'known values',
      inputs: [f32([3], [2, 0, -1]), f32([1], [1.67326]), f32([1], [1.0507])],
      outputs: [f32([3], [2.1014, 0, -1.1113307])],
    },
  ],
  generate: (random) => ({
    inputs: [random.tensor('f32', random.shape({ rank: [1, 4], dim: [1, 6] }), -4, 4), f32([1], [1.67326]), f32([1], [1.0507])],
  }),
});
