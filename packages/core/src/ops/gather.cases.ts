import { cases, f32, i32, i64 } from './cases.js';

/** Rows, a scalar index, negative indices, batches, no indices. */
export default cases('Gather', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'rows',
      inputs: [f32([3, 2], [1, 2, 3, 4, 5, 6]), i64([2], [2, 0]), i64([], [0])],
      constants: [2],
      outputs: [f32([2, 2], [5, 6, 1, 2])],
    },
    {
      name: 'scalar index',
      inputs: [f32([3, 2], [1, 2, 3, 4, 5, 6]), i32([], [1]), i64([1], [1])],
      constants: [1, 2],
      outputs: [f32([3], [2, 4, 6])],
    },
    {
      name: 'negative index',
      inputs: [i32([4], [1, 2, 3, 4]), i32([1, 2], [-1, -4]), i64([], [0])],
      constants: [2],
      outputs: [i32([1, 2], [4, 1])],
    },
    {
      name: 'batches',
      attributes: { batch_dims: 1 },
      inputs: [i64([2, 3], [1, 2, 3, 4, 5, 6]), i32([2, 2], [0, 2, 1, 1]), i64([], [1])],
      constants: [2],
      outputs: [i64([2, 2], [1, 3, 5, 5])],
    },
    {
      name: 'no indices',
      inputs: [f32([3, 2], [1, 2, 3, 4, 5, 6]), i64([0], []), i64([], [0])],
      constants: [2],
      outputs: [f32([0, 2], [])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 5] });
    const axis = random.int(0, shape.length - 1);
    const length = shape[axis] as number;
    return {
      inputs: [
        random.tensor('f32', shape),
        random.tensor('i32', random.shape({ rank: [0, 2], dim: [1, 4] }), -length, length - 1),
        i64([], [axis]),
      ],
      constants: [2],
    };
  },
});
