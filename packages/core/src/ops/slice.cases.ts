import { cases, f32, i32, i64 } from './cases.js';

/** Ends from both sides, backwards, clamped, chosen axes, nothing. */
export default cases('Slice', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'inner part',
      inputs: [f32([5], [1, 2, 3, 4, 5]), i64([1], [1]), i64([1], [-1]), i64([1], [1])],
      constants: [1, 2, 3],
      outputs: [f32([3], [2, 3, 4])],
    },
    {
      name: 'backwards to the very start',
      inputs: [i32([4], [1, 2, 3, 4]), i64([1], [-1]), i64([1], [-1000]), i64([1], [-2])],
      constants: [1, 2, 3],
      outputs: [i32([2], [4, 2])],
    },
    {
      name: 'to the end',
      inputs: [f32([2, 3], [1, 2, 3, 4, 5, 6]), i64([1], [1]), i64([1], [9223372036854775807n]), i64([1], [1]), i64([1], [-1])],
      constants: [1, 2, 3, 4],
      outputs: [f32([2, 2], [2, 3, 5, 6])],
    },
    {
      name: 'axes out of order',
      inputs: [f32([2, 3], [1, 2, 3, 4, 5, 6]), i64([2], [2, 0]), i64([2], [3, 1]), i64([2], [1, 1]), i64([2], [1, 0])],
      constants: [1, 2, 3, 4],
      outputs: [f32([1, 1], [3])],
    },
    {
      name: 'nothing left',
      inputs: [f32([3], [1, 2, 3]), i64([1], [2]), i64([1], [1]), i64([1], [1])],
      constants: [1, 2, 3],
      outputs: [f32([0], [])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    const n = shape.length;
    const ends = (): ReturnType<typeof i64> =>
      i64(
        [n],
        shape.map((d) => random.int(-d - 1, d + 1)),
      );
    return {
      inputs: [
        random.tensor('f32', shape),
        ends(),
        ends(),
        i64(
          [n],
          shape.map(() => random.pick([-2, -1, 1, 2, 3])),
        ),
      ],
      constants: [1, 2, 3],
    };
  },
});
