import { cases, f32, i32, i64 } from './cases.js';

const x = f32([2, 4], [1, 4, 2, 3, -1, -2, -1, -4]);

/** Both modes, each order, ties, 64-bit integers, the first axis. */
export default cases('TopK', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'largest by value',
      attributes: { axis: 1, mode: 'max', sort: 'value' },
      inputs: [x, i64([], [2])],
      constants: [1],
      outputs: [f32([2, 2], [4, 3, -1, -1]), i32([2, 2], [1, 3, 0, 2])],
    },
    {
      name: 'largest by place',
      attributes: { axis: -1, mode: 'max', sort: 'index' },
      inputs: [x, i64([], [3])],
      constants: [1],
      outputs: [f32([2, 3], [4, 2, 3, -1, -2, -1]), i32([2, 3], [1, 2, 3, 0, 1, 2])],
    },
    {
      name: 'smallest along the first axis',
      attributes: { axis: 0, mode: 'min', sort: 'value', index_element_type: 'i64' },
      inputs: [x, i32([], [1])],
      constants: [1],
      outputs: [f32([1, 4], [-1, -2, -1, -4]), i64([1, 4], [1, 1, 1, 1])],
    },
    {
      name: '64-bit',
      attributes: { axis: 0, mode: 'max', sort: 'value' },
      inputs: [i64([3], [9007199254740993n, 9007199254740992n, -1n]), i64([], [2])],
      constants: [1],
      outputs: [i64([2], [9007199254740993n, 9007199254740992n]), i32([2], [0, 1])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 3], dim: [1, 6] });
    const axis = random.int(0, shape.length - 1);
    return {
      attributes: { axis, mode: random.pick(['max', 'min']), sort: random.pick(['value', 'index']) },
      inputs: [random.tensor('f32', shape), i64([], [random.int(1, shape[axis] as number)])],
      constants: [1],
    };
  },
});
