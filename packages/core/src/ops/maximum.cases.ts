import { cases, f32, i32, i64 } from './cases.js';

export default cases('Maximum', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'broadcast', inputs: [f32([2, 1], [1, 4]), f32([2], [0.5, 3])], outputs: [f32([2, 2], [1, 3, 4, 4])] },
    { name: 'integers', inputs: [i32([2], [-1, 5]), i32([], [2])], outputs: [i32([2], [2, 5])] },
    { name: '64 bits', inputs: [i64([1], [9007199254740993n]), i64([1], [9007199254740992n])], outputs: [i64([1], [9007199254740993n])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { inputs: [random.tensor('f32', shape, -3, 3), random.tensor('f32', random.broadcastable(shape), -3, 3)] };
  },
});
