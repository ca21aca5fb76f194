import { cases, f32 } from './cases.js';

export default cases('HSwish', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [{ name: 'known values', inputs: [f32([4], [-4, 0, 1, 5])], outputs: [f32([4], [0, 0, 0.6666666666666666, 5])] }],
  generate: (random) => ({ inputs: [random.tensor('f32', random.shape({ rank: [1, 4], dim: [1, 6] }), -4, 4)] }),
});
