import { cases, f32, i64 } from './cases.js';

const data = f32([2, 3], [1, -2, 3, 4, 5, -6]);

export default cases('ReduceSum', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'columns', inputs: [data, i64([1], [0])], outputs: [f32([3], [5, 3, -3])], constants: [1] },
    {
      name: 'rows, dimensions kept',
      attributes: { keep_dims: true },
      inputs: [data, i64([1], [-1])],
      outputs: [f32([2, 1], [2, 3])],
      constants: [1],
    },
    { name: 'all axes', inputs: [data, i64([2], [0, 1])], outputs: [f32([], [5])], constants: [1] },
    { name: 'no axes', inputs: [f32([2], [2, 3]), i64([0], [])], outputs: [f32([2], [2, 3])], constants: [1] },
    { name: 'integers', inputs: [i64([2, 3], [1, -2, 3, 4, 5, -6]), i64([1], [-1])], outputs: [i64([2], [2, 3])], constants: [1] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 5] });
    const axes = shape.map((_, i) => i).filter(() => random.next() < 0.5);
    return {
      attributes: { keep_dims: random.next() < 0.5 },
      inputs: [random.tensor('f32', shape), i64([axes.length], axes)],
      constants: [1],
    };
  },
});
