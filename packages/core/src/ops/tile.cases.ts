import { cases, f32, i32, i64 } from './cases.js';

/** Equal ranks, more repeats than axes, fewer, none at all. */
export default cases('Tile', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'equal ranks',
      inputs: [f32([1, 2], [1, 2]), i64([2], [2, 2])],
      constants: [1],
      outputs: [f32([2, 4], [1, 2, 1, 2, 1, 2, 1, 2])],
    },
    { name: 'a new axis', inputs: [i32([2], [1, 2]), i64([2], [2, 1])], constants: [1], outputs: [i32([2, 2], [1, 2, 1, 2])] },
    { name: 'fewer repeats', inputs: [f32([2, 1], [1, 2]), i64([1], [2])], constants: [1], outputs: [f32([2, 2], [1, 1, 2, 2])] },
    { name: 'zero times', inputs: [f32([2], [1, 2]), i64([1], [0])], constants: [1], outputs: [f32([0], [])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 4] });
    return {
      inputs: [
        random.tensor('f32', shape),
        i64(
          [shape.length],
          shape.map(() => random.int(1, 3)),
        ),
      ],
      constants: [1],
    };
  },
});
