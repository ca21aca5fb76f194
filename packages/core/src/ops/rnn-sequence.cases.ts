import { cases, f32, i64 } from './cases.js';

/** Running sums by an identity of weights; both directions at once. */
export default cases('RNNSequence', {
  tolerance: { rtol: 2e-4, atol: 2e-5 },
  named: [
    {
      name: 'running sums from both ends',
      attributes: { hidden_size: 1, direction: 'bidirectional', activations: ['relu'] },
      inputs: [f32([1, 3, 1], [1, 2, 3]), f32([1, 2, 1], [0, 0]), i64([1], [3]), f32([2, 1, 1], [1, 1]), f32([2, 1, 1], [1, 1])],
      outputs: [f32([1, 2, 3, 1], [1, 3, 6, 6, 5, 3]), f32([1, 2, 1], [6, 6])],
    },
  ],
  generate: (random) => {
    const [batch, length, size, n] = [random.int(1, 3), random.int(1, 12), random.int(1, 3), random.int(1, 3)];
    const t = (...shape: number[]): ReturnType<typeof f32> => random.tensor('f32', shape, -1, 1);
    const lengths = i64(
      [batch],
      Array.from({ length: batch }, () => random.int(1, length)),
    );
    return {
      attributes: { hidden_size: n, direction: random.pick(['forward', 'reverse']) },
      inputs: [t(batch, length, size), t(batch, 1, n), lengths, t(1, n, size), t(1, n, n), t(1, n)],
      constants: [3, 4, 5],
    };
  },
});
