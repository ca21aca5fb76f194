import { cases, f32, i32, i64 } from './cases.js';

/** Each axis, a negative index, fewer indices than data. */
export default cases('GatherElements', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'along rows',
      attributes: { axis: 1 },
      inputs: [f32([2, 2], [1, 2, 3, 4]), i32([2, 2], [0, 0, 1, 0])],
      outputs: [f32([2, 2], [1, 1, 4, 3])],
    },
    {
      name: 'along columns',
      attributes: { axis: 0 },
      inputs: [f32([3, 2], [1, 2, 3, 4, 5, 6]), i64([1, 2], [2, 0])],
      outputs: [f32([1, 2], [5, 2])],
    },
    { name: 'from the end', attributes: { axis: 0 }, inputs: [i64([3], [1, 2, 3]), i64([2], [-1, -3])], outputs: [i64([2], [3, 1])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 3], dim: [1, 5] });
    const axis = random.int(0, shape.length - 1);
    const n = shape[axis] as number;
    return {
      attributes: { axis },
      inputs: [
        random.tensor('f32', shape),
        random.tensor(
          'i64',
          shape.map((d, i) => (i === axis ? random.int(1, 6) : d)),
          -n,
          n - 1,
        ),
      ],
    };
  },
});
