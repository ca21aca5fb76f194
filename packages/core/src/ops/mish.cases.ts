import { cases, f32 } from './cases.js';

export default cases('Mish', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [{ name: 'known values', inputs: [f32([3], [0, 1, -1])], outputs: [f32([3], [0, 0.8650983882673103, -0.30340146137410895])] }],
  generate: (random) => ({ inputs: [random.tensor('f32', random.shape({ rank: [1, 4], dim: [1, 6] }), -4, 4)] }),
});
