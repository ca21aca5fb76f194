import { cases, f32, i64 } from './cases.js';

/** A constant spectrum, a shifted one. */
export default cases('IDFT', {
  tolerance: { rtol: 1e-4, atol: 1e-5 },
  named: [
    {
      name: 'a constant spectrum',
      inputs: [f32([4, 2], [1, 0, 1, 0, 1, 0, 1, 0]), i64([1], [0])],
      constants: [1],
      outputs: [f32([4, 2], [1, 0, 0, 0, 0, 0, 0, 0])],
    },
    {
      name: 'a shifted one',
      inputs: [f32([4, 2], [1, 0, 0, -1, -1, 0, 0, 1]), i64([1], [0])],
      constants: [1],
      outputs: [f32([4, 2], [0, 0, 1, 0, 0, 0, 0, 0])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 3], dim: [1, 6] });
    return { inputs: [random.tensor('f32', [...shape, 2]), i64([1], [random.int(0, shape.length - 1)])], constants: [1] };
  },
});
