import { cases, f32 } from './cases.js';

export default cases('Asin', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'known values', inputs: [f32([3], [0, 1, -0.5])], outputs: [f32([3], [0, 1.5707963267948966, -0.5235987755982989])] },
    { name: 'scalar', inputs: [f32([], [1])], outputs: [f32([], [1.5707963267948966])] },
    { name: 'empty', inputs: [f32([2, 0], [])], outputs: [f32([2, 0], [])] },
  ],
  generate: (random) => ({ inputs: [random.tensor('f32', random.shape({ rank: [0, 4], dim: [1, 7] }), -1, 1)] }),
});
