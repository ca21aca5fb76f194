import { cases, f32 } from './cases.js';

export default cases('SoftPlus', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [{ name: 'known values', inputs: [f32([3], [0, 1, 100])], outputs: [f32([3], [0.6931471805599453, 1.3132616875182228, 100])] }],
  generate: (random) => ({ inputs: [random.tensor('f32', random.shape({ rank: [1, 4], dim: [1, 6] }), -4, 4)] }),
});
