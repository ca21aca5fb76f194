import { cases, f32, i32, i64 } from './cases.js';

export default cases('Divide', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'broadcast', inputs: [f32([2, 1], [1, 4]), f32([2], [0.5, 2])], outputs: [f32([2, 2], [2, 0.5, 8, 2])] },
    { name: 'integers round down', inputs: [i32([4], [7, -7, 7, 3]), i32([4], [2, 2, -2, 0])], outputs: [i32([4], [3, -4, -4, 0])] },
    {
      name: 'integers truncate',
      attributes: { m_pythondiv: false },
      inputs: [i32([3], [7, -7, 7]), i32([3], [2, 2, -2])],
      outputs: [i32([3], [3, -3, -3])],
    },
    { name: '64 bits', inputs: [i64([2], [-7, 7]), i64([2], [2, 0])], outputs: [i64([2], [-4, 0])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { inputs: [random.tensor('f32', shape, -3, 3), random.tensor('f32', random.broadcastable(shape), 0.5, 3)] };
  },
});
