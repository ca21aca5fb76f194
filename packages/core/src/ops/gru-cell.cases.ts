import { cases, f32 } from './cases.js';

/** With no weights both gates are 1/2 and the new value 0; the reset gate before and after the product. */
export default cases('GRUCell', {
  tolerance: { rtol: 2e-4, atol: 2e-5 },
  named: [
    {
      name: 'half gates',
      attributes: { hidden_size: 1 },
      inputs: [f32([1, 1], [3]), f32([1, 1], [2]), f32([3, 1], [0, 0, 0]), f32([3, 1], [0, 0, 0])],
      outputs: [f32([1, 1], [1])],
    },
    {
      name: 'linear before reset',
      attributes: { hidden_size: 1, linear_before_reset: true, activations: ['sigmoid', 'relu'] },
      inputs: [f32([1, 1], [0]), f32([1, 1], [2]), f32([3, 1], [0, 0, 0]), f32([3, 1], [0, 0, 1]), f32([4], [0, 0, 1, 4])],
      outputs: [f32([1, 1], [3])],
    },
  ],
  generate: (random) => {
    const [batch, size, n] = [random.int(1, 3), random.int(1, 4), random.int(1, 4)];
    const linear = random.next() < 0.5;
    const t = (...shape: number[]): ReturnType<typeof f32> => random.tensor('f32', shape, -1, 1);
    return {
      attributes: { hidden_size: n, linear_before_reset: linear },
      inputs: [t(batch, size), t(batch, n), t(3 * n, size), t(3 * n, n), t((linear ? 4 : 3) * n)],
      constants: [2, 3, 4],
    };
  },
});
