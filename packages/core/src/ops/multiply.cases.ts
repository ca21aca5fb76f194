import { cases, f32, i32, i64 } from './cases.js';

export default cases('Multiply', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'both broadcast', inputs: [f32([2, 1], [1, 2]), f32([2], [0.5, 3])], outputs: [f32([2, 2], [0.5, 3, 1, 6])] },
    { name: 'low 32 bits', inputs: [i32([1], [123456789]), i32([1], [987654321])], outputs: [i32([1], [-67153019])] },
    { name: '64 bits', inputs: [i64([1], [3000000001n]), i64([1], [3n])], outputs: [i64([1], [9000000003n])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { inputs: [random.tensor('f32', shape, -3, 3), random.tensor('f32', random.broadcastable(shape), -3, 3)] };
  },
});
