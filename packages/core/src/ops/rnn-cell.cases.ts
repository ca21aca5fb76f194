import { cases, f32 } from './cases.js';

/** One number, clipping, random weights. */
export default cases('RNNCell', {
  tolerance: { rtol: 2e-4, atol: 2e-5 },
  named: [
    {
      name: 'one number',
      attributes: { hidden_size: 1 },
      inputs: [f32([1, 1], [0.5]), f32([1, 1], [0.25]), f32([1, 1], [1]), f32([1, 1], [2])],
      outputs: [f32([1, 1], [0.7615942])],
    },
    {
      name: 'clipped',
      attributes: { hidden_size: 1, clip: 1, activations: ['relu'] },
      inputs: [f32([1, 1], [5]), f32([1, 1], [0]), f32([1, 1], [1]), f32([1, 1], [2]), f32([1], [1])],
      outputs: [f32([1, 1], [1])],
    },
  ],
  generate: (random) => {
    const [batch, size, n] = [random.int(1, 3), random.int(1, 4), random.int(1, 4)];
    const t = (...shape: number[]): ReturnType<typeof f32> => random.tensor('f32', shape, -1, 1);
    return { attributes: { hidden_size: n }, inputs: [t(batch, size), t(batch, n), t(n, size), t(n, n), t(n)], constants: [2, 3, 4] };
  },
});
