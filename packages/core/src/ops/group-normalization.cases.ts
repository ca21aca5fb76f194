import { cases, f32 } from './cases.js';

export default cases('GroupNormalization', {
  tolerance: { rtol: 1e-4, atol: 1e-4 },
  named: [
    {
      name: 'two groups',
      attributes: { num_groups: 2, epsilon: 0 },
      inputs: [f32([1, 4], [1, 3, 10, 30]), f32([4], [1, 1, 2, 2]), f32([4], [0, 0, 1, 1])],
      outputs: [f32([1, 4], [-1, 1, -1, 3])],
    },
    {
      name: 'one group over channels and places',
      attributes: { num_groups: 1, epsilon: 0 },
      inputs: [f32([1, 2, 2], [1, 1, 3, 3]), f32([2], [1, 10]), f32([2], [0, 0])],
      outputs: [f32([1, 2, 2], [-1, -1, 10, 10])],
    },
  ],
  generate: (random) => {
    const [groups, each] = [random.int(1, 3), random.int(1, 3)];
    const c = [groups * each];
    return {
      attributes: { num_groups: groups, epsilon: 1e-3 },
      inputs: [
        random.tensor('f32', [random.int(1, 2), groups * each, ...random.shape({ rank: [1, 3], dim: [2, 4] })]),
        random.tensor('f32', c),
        random.tensor('f32', c),
      ],
    };
  },
});
