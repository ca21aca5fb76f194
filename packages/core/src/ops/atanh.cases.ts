import { cases, f32 } from './cases.js';

export default cases('Atanh', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'known values', inputs: [f32([3], [0, 0.7615941559557649, -0.5])], outputs: [f32([3], [0, 1, -0.5493061443340548])] },
    { name: 'scalar', inputs: [f32([], [0.7615941559557649])], outputs: [f32([], [1])] },
    { name: 'empty', inputs: [f32([2, 0], [])], outputs: [f32([2, 0], [])] },
  ],
  generate: (random) => ({ inputs: [random.tensor('f32', random.shape({ rank: [0, 4], dim: [1, 7] }), -0.95, 0.95)] }),
});
