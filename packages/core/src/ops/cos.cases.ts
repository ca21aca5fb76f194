import { cases, f32 } from './cases.js';

export default cases('Cos', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'known values', inputs: [f32([3], [0, 3.141592653589793, 1.0471975511965976])], outputs: [f32([3], [1, -1, 0.5])] },
    { name: 'scalar', inputs: [f32([], [3.141592653589793])], outputs: [f32([], [-1])] },
    { name: 'empty', inputs: [f32([2, 0], [])], outputs: [f32([2, 0], [])] },
  ],
  generate: (random) => ({ inputs: [random.tensor('f32', random.shape({ rank: [0, 4], dim: [1, 7] }), -3, 3)] }),
});
