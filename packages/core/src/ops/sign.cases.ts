import { cases, f32, i64 } from './cases.js';

export default cases('Sign', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'known values', inputs: [f32([3], [-2, 0, 1.5])], outputs: [f32([3], [-1, 0, 1])] },
    { name: 'scalar', inputs: [f32([], [0])], outputs: [f32([], [0])] },
    { name: 'empty', inputs: [f32([2, 0], [])], outputs: [f32([2, 0], [])] },
    { name: 'integers', inputs: [i64([3], [-5, 0, 7])], outputs: [i64([3], [-1, 0, 1])] },
  ],
  generate: (random) => ({ inputs: [random.tensor('f32', random.shape({ rank: [0, 4], dim: [1, 7] }), -3, 3)] }),
});
