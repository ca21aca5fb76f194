import { cases, f32 } from './cases.js';

export default cases('Elu', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'known values', attributes: { alpha: 0.5 }, inputs: [f32([3], [2, 0, -1])], outputs: [f32([3], [2, 0, -0.31606027941427883])] },
  ],
  generate: (random) => ({
    attributes: { alpha: 0.5 },
    inputs: [random.tensor('f32', random.shape({ rank: [1, 4], dim: [1, 6] }), -4, 4)],
  }),
});
