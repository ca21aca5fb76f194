import { cases, f32, i32, i64 } from './cases.js';

/** Sorted and not, along an axis, nothing at all. */
export default cases('Unique', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'sorted',
      inputs: [i32([5], [3, 1, 3, 2, 1])],
      outputs: [i32([3], [1, 2, 3]), i64([3], [1, 3, 0]), i64([5], [2, 0, 2, 1, 0]), i64([3], [2, 1, 2])],
    },
    {
      name: 'in order of appearance',
      attributes: { sorted: false },
      inputs: [f32([2, 2], [3, 1, 3, 2])],
      outputs: [f32([3], [3, 1, 2]), i64([3], [0, 1, 3]), i64([4], [0, 1, 0, 2]), i64([3], [2, 1, 1])],
    },
    {
      name: 'rows',
      attributes: { index_element_type: 'i32', count_element_type: 'i32' },
      inputs: [i64([3, 2], [2, 1, 1, 5, 2, 1]), i64([], [0])],
      constants: [1],
      outputs: [i64([2, 2], [1, 5, 2, 1]), i32([2], [1, 0]), i32([3], [1, 0, 1]), i32([2], [1, 2])],
    },
    {
      name: 'NaN',
      inputs: [f32([5], [Number.NaN, 2, Number.NaN, 1, 2])],
      outputs: [f32([4], [1, 2, Number.NaN, Number.NaN]), i64([4], [3, 1, 0, 2]), i64([5], [2, 1, 3, 0, 1]), i64([4], [1, 2, 1, 1])],
    },
    { name: 'nothing', inputs: [f32([0], [])], outputs: [f32([0], []), i64([0], []), i64([0], []), i64([0], [])] },
  ],
  generate(random) {
    const shape = random.shape({ rank: [1, 3], dim: [0, 5] });
    const sorted = random.int(0, 1) === 1;
    const data = random.tensor(random.pick(['i32', 'i64', 'u8', 'boolean'] as const), shape, 0, 3);
    const attributes = { sorted };
    return random.next() < 0.5
      ? { attributes, inputs: [data] }
      : { attributes, inputs: [data, i64([], [random.int(-shape.length, shape.length - 1)])], constants: [1] };
  },
});
