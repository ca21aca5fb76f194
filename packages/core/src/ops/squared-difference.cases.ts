import { cases, f32, i32 } from './cases.js';

export default cases('SquaredDifference', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'broadcast', inputs: [f32([2, 1], [1, 4]), f32([2], [0.5, 3])], outputs: [f32([2, 2], [0.25, 4, 12.25, 1])] },
    { name: 'integers', inputs: [i32([2], [-1, 5]), i32([], [2])], outputs: [i32([2], [9, 9])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { inputs: [random.tensor('f32', shape, -3, 3), random.tensor('f32', random.broadcastable(shape), -3, 3)] };
  },
});
