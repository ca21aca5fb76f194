import { cases, f32, i32, i64 } from './cases.js';

export default cases('Power', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'whole and broken', inputs: [f32([3], [2, 9, -2]), f32([3], [3, 0.5, 3])], outputs: [f32([3], [8, 3, -8])] },
    { name: 'integers', inputs: [i32([3], [2, -3, 2]), i32([3], [10, 3, -1])], outputs: [i32([3], [1024, -27, 0])] },
    {
      name: '64 bits',
      inputs: [i64([3], [3, -1, 7]), i64([3], [39, 1000000001, 0])],
      outputs: [i64([3], [4052555153018976267n, -1n, 1n])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { inputs: [random.tensor('f32', shape, 0.1, 3), random.tensor('f32', random.broadcastable(shape), 0.1, 3)] };
  },
});
