import { cases, f32, i64 } from './cases.js';

/** An impulse, a constant, cut and filled, two axes. */
export default cases('DFT', {
  tolerance: { rtol: 1e-4, atol: 1e-5 },
  named: [
    {
      name: 'nothing along the axis',
      inputs: [f32([2, 0, 2], []), i64([1], [1])],
      constants: [1],
      outputs: [f32([2, 0, 2], [])],
    },
    {
      name: 'an impulse',
      inputs: [f32([4, 2], [1, 0, 0, 0, 0, 0, 0, 0]), i64([1], [0])],
      constants: [1],
      outputs: [f32([4, 2], [1, 0, 1, 0, 1, 0, 1, 0])],
    },
    {
      name: 'a delayed impulse',
      inputs: [f32([4, 2], [0, 0, 1, 0, 0, 0, 0, 0]), i64([1], [-1])],
      constants: [1],
      outputs: [f32([4, 2], [1, 0, 0, -1, -1, 0, 0, 1])],
    },
    {
      name: 'filled to four',
      inputs: [f32([1, 2], [1, 0]), i64([1], [0]), i64([1], [4])],
      constants: [1, 2],
      outputs: [f32([4, 2], [1, 0, 1, 0, 1, 0, 1, 0])],
    },
    {
      name: 'cut to one, two axes',
      inputs: [f32([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), i64([2], [0, 1]), i64([2], [-1, 1])],
      constants: [1, 2],
      outputs: [f32([2, 1, 2], [6, 8, -4, -4])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 3], dim: [1, 6] });
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
