import { cases, f32, i64 } from './cases.js';

/** A constant, an alternation, an odd length, two axes. */
export default cases('RDFT', {
  tolerance: { rtol: 1e-4, atol: 1e-5 },
  named: [
    { name: 'a constant', inputs: [f32([4], [1, 1, 1, 1]), i64([1], [0])], constants: [1], outputs: [f32([3, 2], [4, 0, 0, 0, 0, 0])] },
    {
      name: 'an alternation',
      inputs: [f32([4], [1, -1, 1, -1]), i64([1], [0])],
      constants: [1],
      outputs: [f32([3, 2], [0, 0, 0, 0, 4, 0])],
    },
    {
      name: 'filled to three',
      inputs: [f32([1], [1]), i64([1], [0]), i64([1], [3])],
      constants: [1, 2],
      outputs: [f32([2, 2], [1, 0, 1, 0])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 3], dim: [1, 6] });
    return {
      inputs: [
        random.tensor('f32', shape),
        i64(
          [shape.length],
          shape.map((_, i) => i),
        ),
      ],
      constants: [1],
    };
  },
});
