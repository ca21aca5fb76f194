import { cases, f32, i64 } from './cases.js';

/** A constant, an alternation, an odd length. */
export default cases('IRDFT', {
  tolerance: { rtol: 1e-4, atol: 1e-5 },
  named: [
    { name: 'a constant', inputs: [f32([3, 2], [4, 0, 0, 0, 0, 0]), i64([1], [0])], constants: [1], outputs: [f32([4], [1, 1, 1, 1])] },
    {
      name: 'an alternation',
      inputs: [f32([3, 2], [0, 0, 0, 0, 4, 0]), i64([1], [0])],
      constants: [1],
      outputs: [f32([4], [1, -1, 1, -1])],
    },
    {
      name: 'three values',
      inputs: [f32([2, 2], [1, 0, 1, 0]), i64([1], [0]), i64([1], [3])],
      constants: [1, 2],
      outputs: [f32([3], [1, 0, 0])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 3], dim: [2, 5] });
    return {
      inputs: [
        random.tensor('f32', [...shape, 2]),
        i64(
          [shape.length],
          shape.map((_, i) => i),
        ),
      ],
      constants: [1],
    };
  },
});
