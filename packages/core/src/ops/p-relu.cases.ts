import { cases, f32 } from './cases.js';

export default cases('PRelu', {
  tolerance: { rtol: 1e-6, atol: 0 },
  named: [
    {
      name: 'a slope for each channel',
      inputs: [f32([1, 2, 2], [-1, 2, -3, 4]), f32([2], [0.5, 0.25])],
      outputs: [f32([1, 2, 2], [-0.5, 2, -0.75, 4])],
    },
    { name: 'one slope', inputs: [f32([3], [-2, 0, 1]), f32([1], [0.1])], outputs: [f32([3], [-0.2, 0, 1])] },
    {
      name: 'broadcast from the right',
      inputs: [f32([1, 1, 3], [-1, -2, -3]), f32([3], [1, 2, 3])],
      outputs: [f32([1, 1, 3], [-1, -4, -9])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [2, 4], dim: [1, 5] });
    return {
      inputs: [
        random.tensor('f32', shape),
        random.tensor('f32', [random.pick([1, shape[1] as number, shape[shape.length - 1] as number])]),
      ],
    };
  },
});
