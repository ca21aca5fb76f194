import { cases, f32, i32, i64 } from './cases.js';

export default cases('Mod', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'sign of the dividend',
      inputs: [f32([4], [5.5, -5.5, 5.5, -5.5]), f32([4], [2, 2, -2, -2])],
      outputs: [f32([4], [1.5, -1.5, 1.5, -1.5])],
    },
    { name: 'integers, modulo zero', inputs: [i32([3], [-7, 7, 7]), i32([3], [3, -3, 0])], outputs: [i32([3], [-1, 1, 0])] },
    { name: '64 bits', inputs: [i64([2], [-7, 7]), i64([2], [3, 0])], outputs: [i64([2], [-1, 0])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { inputs: [random.tensor('i32', shape, -20, 20), random.tensor('i32', random.broadcastable(shape), 1, 7)] };
  },
});
