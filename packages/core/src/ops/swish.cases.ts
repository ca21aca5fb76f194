import { cases, f32 } from './cases.js';

export default cases('Swish', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'known values', inputs: [f32([3], [0, 1, -1])], outputs: [f32([3], [0, 0.7310585786300049, -0.2689414213699951])] },
    { name: 'beta', inputs: [f32([2], [1, -1]), f32([], [2])], outputs: [f32([2], [0.8807970779778823, -0.11920292202211757])] },
  ],
  generate: (random) => ({ inputs: [random.tensor('f32', random.shape({ rank: [1, 4], dim: [1, 6] }), -4, 4)] }),
});
