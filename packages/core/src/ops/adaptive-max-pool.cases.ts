import { cases, f32, i32, i64 } from './cases.js';

export default cases('AdaptiveMaxPool', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'parts that overlap',
      inputs: [f32([1, 1, 5], [1, 5, 3, 4, 2]), i64([1], [3])],
      constants: [1],
      outputs: [f32([1, 1, 3], [5, 5, 4]), i64([1, 1, 3], [1, 1, 3])],
    },
    {
      name: 'indices within a plane',
      attributes: { index_element_type: 'i32' },
      inputs: [f32([1, 2, 1, 2], [1, 3, 9, 5]), i64([2], [1, 1])],
      constants: [1],
      outputs: [f32([1, 2, 1, 1], [3, 9]), i32([1, 2, 1, 1], [1, 0])],
    },
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
