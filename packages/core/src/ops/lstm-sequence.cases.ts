import { cases, f32, i64 } from './cases.js';

const zero = f32([1, 4, 1], [0, 0, 0, 0]);

/** With no weights the cell halves at each step; a row that ends early, both directions, many steps. */
export default cases('LSTMSequence', {
  tolerance: { rtol: 2e-4, atol: 2e-5 },
  named: [
    {
      name: 'a row that ends early',
      attributes: { hidden_size: 1 },
      inputs: [f32([1, 2, 1], [1, 2]), f32([1, 1, 1], [0]), f32([1, 1, 1], [1]), i64([1], [1]), zero, zero, f32([1, 4], [0, 0, 0, 0])],
      outputs: [f32([1, 1, 2, 1], [0.23105858, 0]), f32([1, 1, 1], [0.23105858]), f32([1, 1, 1], [0.5])],
    },
  ],
  generate: (random) => {
    const [batch, length, size, n] = [random.int(1, 3), random.int(1, 12), random.int(1, 3), random.int(1, 3)];
    const direction = random.pick(['forward', 'reverse', 'bidirectional']);
    const d = direction === 'bidirectional' ? 2 : 1;
    const t = (...shape: number[]): ReturnType<typeof f32> => random.tensor('f32', shape, -1, 1);
    const lengths = i64(
      [batch],
      Array.from({ length: batch }, () => random.int(0, length)),
    );
    return {
      attributes: { hidden_size: n, direction },
      inputs: [t(batch, length, size), t(batch, d, n), t(batch, d, n), lengths, t(d, 4 * n, size), t(d, 4 * n, n), t(d, 4 * n)],
      constants: [4, 5, 6],
    };
  },
});
