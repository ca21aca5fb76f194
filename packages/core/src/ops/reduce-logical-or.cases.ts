import { bool, cases, i64 } from './cases.js';

const data = bool([2, 3], [1, 1, 0, 0, 1, 0]);

export default cases('ReduceLogicalOr', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'columns', inputs: [data, i64([1], [0])], outputs: [bool([3], [1, 1, 0])], constants: [1] },
    {
      name: 'all, dimensions kept',
      attributes: { keep_dims: true },
      inputs: [data, i64([2], [0, -1])],
      outputs: [bool([1, 1], [1])],
      constants: [1],
    },
    { name: 'nothing', inputs: [bool([0], []), i64([], [0])], outputs: [bool([], [0])], constants: [1] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 5] });
    const axes = shape.map((_, i) => i).filter(() => random.next() < 0.5);
    return {
      attributes: { keep_dims: random.next() < 0.5 },
      inputs: [random.tensor('boolean', shape), i64([axes.length], axes)],
      constants: [1],
    };
  },
});
