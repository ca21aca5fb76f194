import { cases, f32, i64 } from './cases.js';

export default cases('AdaptiveAvgPool', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'parts that overlap',
      inputs: [f32([1, 1, 5], [1, 2, 3, 4, 5]), i64([1], [3])],
      constants: [1],
      outputs: [f32([1, 1, 3], [1.5, 3, 4.5])],
    },
    { name: 'one part', inputs: [f32([1, 2, 1, 2], [1, 3, 5, 9]), i64([2], [1, 1])], constants: [1], outputs: [f32([1, 2, 1, 1], [2, 7])] },
  ],
  generate: (random) => {
    const spatial = random.shape({ rank: [1, 3], dim: [1, 7] });
    return {
      inputs: [
        random.tensor('f32', [random.int(1, 2), random.int(1, 3), ...spatial]),
        i64(
          [spatial.length],
          spatial.map((n) => random.int(1, n)),
        ),
      ],
      constants: [1],
    };
  },
});
