import { cases, f32 } from './cases.js';

/** With no weights every gate is 1/2 and the new cell 0; then one input that opens, clipping, random weights. */
export default cases('LSTMCell', {
  tolerance: { rtol: 2e-4, atol: 2e-5 },
  named: [
    {
      name: 'half gates',
      attributes: { hidden_size: 1 },
      inputs: [f32([1, 1], [3]), f32([1, 1], [2]), f32([1, 1], [1]), f32([4, 1], [0, 0, 0, 0]), f32([4, 1], [0, 0, 0, 0])],
      outputs: [f32([1, 1], [0.23105858]), f32([1, 1], [0.5])],
    },
    {
      name: 'bias opens the gates',
      attributes: { hidden_size: 1 },
      inputs: [
        f32([1, 1], [0]),
        f32([1, 1], [0]),
        f32([1, 1], [1]),
        f32([4, 1], [0, 0, 0, 0]),
        f32([4, 1], [0, 0, 0, 0]),
        f32([4], [50, 50, 50, 50]),
      ],
      outputs: [f32([1, 1], [0.9640276]), f32([1, 1], [2])],
    },
    {
      name: 'clipped',
      attributes: { hidden_size: 1, clip: 1, activations: ['relu', 'relu', 'relu'] },
      inputs: [f32([1, 1], [5]), f32([1, 1], [0]), f32([1, 1], [3]), f32([4, 1], [1, 1, 1, 1]), f32([4, 1], [0, 0, 0, 0])],
      outputs: [f32([1, 1], [4]), f32([1, 1], [4])],
    },
  ],
  generate: (random) => {
    const [batch, size, n] = [random.int(1, 3), random.int(1, 4), random.int(1, 4)];
    const t = (...shape: number[]): ReturnType<typeof f32> => random.tensor('f32', shape, -1, 1);
    return {
      attributes: { hidden_size: n },
      inputs: [t(batch, size), t(batch, n), t(batch, n), t(4 * n, size), t(4 * n, n), t(4 * n)],
      constants: [3, 4, 5],
    };
  },
});
