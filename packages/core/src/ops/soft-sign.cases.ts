import { cases, f32 } from './cases.js';

export default cases('SoftSign', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [{ name: 'known values', inputs: [f32([3], [0, 1, -3])], outputs: [f32([3], [0, 0.5, -0.75])] }],
  generate: (random) => ({ inputs: [random.tensor('f32', random.shape({ rank: [1, 4], dim: [1, 6] }), -4, 4)] }),
});
