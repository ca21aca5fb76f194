import { cases, f32, i32, i64 } from './cases.js';

const data = f32([2, 3], [1, 2, 3, 4, 5, 6]);

export default cases('CumSum', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'rows', inputs: [data, i32([], [1])], constants: [1], outputs: [f32([2, 3], [1, 3, 6, 4, 9, 15])] },
    { name: 'columns', inputs: [data, i32([], [-2])], constants: [1], outputs: [f32([2, 3], [1, 2, 3, 5, 7, 9])] },
    {
      name: 'exclusive',
      attributes: { exclusive: true },
      inputs: [data, i64([], [1])],
      constants: [1],
      outputs: [f32([2, 3], [0, 1, 3, 0, 4, 9])],
    },
    {
      name: 'reverse',
      attributes: { reverse: true },
      inputs: [data, i64([], [1])],
      constants: [1],
      outputs: [f32([2, 3], [6, 5, 3, 15, 11, 6])],
    },
    {
      name: 'both',
      attributes: { reverse: true, exclusive: true },
      inputs: [i64([3], [1, 2, 3]), i64([], [0])],
      constants: [1],
      outputs: [i64([3], [5, 3, 0])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 5] });
    return {
      attributes: { exclusive: random.next() < 0.5, reverse: random.next() < 0.5 },
      inputs: [random.tensor('f32', shape), i64([], [random.int(-shape.length, shape.length - 1)])],
      constants: [1],
    };
  },
});
