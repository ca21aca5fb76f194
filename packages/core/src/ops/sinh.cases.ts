import { cases, f32 } from './cases.js';

export default cases('Sinh', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'known values', inputs: [f32([3], [0, 1, -1])], outputs: [f32([3], [0, 1.1752011936438014, -1.1752011936438014])] },
    { name: 'scalar', inputs: [f32([], [1])], outputs: [f32([], [1.1752011936438014])] },
    { name: 'empty', inputs: [f32([2, 0], [])], outputs: [f32([2, 0], [])] },
  ],
  generate: (random) => ({ inputs: [random.tensor('f32', random.shape({ rank: [0, 4], dim: [1, 7] }), -3, 3)] }),
});
