import { cases, f32, i32, i64 } from './cases.js';

/** A matrix, three axes, an empty order, zero elements. */
export default cases('Transpose', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'matrix',
      inputs: [f32([2, 3], [1, 2, 3, 4, 5, 6]), i64([2], [1, 0])],
      constants: [1],
      outputs: [f32([3, 2], [1, 4, 2, 5, 3, 6])],
    },
    {
      name: 'last two of three',
      inputs: [i32([2, 1, 2], [1, 2, 3, 4]), i64([3], [0, 2, 1])],
      constants: [1],
      outputs: [i32([2, 2, 1], [1, 2, 3, 4])],
    },
    {
      name: 'empty order reverses',
      inputs: [f32([2, 1, 3], [1, 2, 3, 4, 5, 6]), i64([0], [])],
      constants: [1],
      outputs: [f32([3, 1, 2], [1, 4, 2, 5, 3, 6])],
    },
    { name: 'no elements', inputs: [f32([0, 2], []), i64([2], [1, 0])], constants: [1], outputs: [f32([2, 0], [])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 5], dim: [1, 5] });
    const order = shape.map((_, i) => i);
    for (let i = order.length - 1; i > 0; i--) {
      const k = random.int(0, i);
      [order[i], order[k]] = [order[k] as number, order[i] as number];
    }
    return { inputs: [random.tensor('f32', shape), i64([order.length], order)], constants: [1] };
  },
});
