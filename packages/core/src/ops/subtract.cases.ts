import { cases, f32, i32, i64 } from './cases.js';

export default cases('Subtract', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'both broadcast', inputs: [f32([2, 1], [1, 2]), f32([2], [0.5, 3])], outputs: [f32([2, 2], [0.5, -2, 1.5, -1])] },
    { name: 'integers wrap', inputs: [i32([1], [-2147483648]), i32([1], [1])], outputs: [i32([1], [2147483647])] },
    { name: '64 bits', inputs: [i64([1], [9007199254740993n]), i64([1], [1n])], outputs: [i64([1], [9007199254740992n])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { inputs: [random.tensor('f32', shape, -3, 3), random.tensor('f32', random.broadcastable(shape), -3, 3)] };
  },
});
