import { cases, f32, i64 } from './cases.js';

const zero = f32([1, 3, 1], [0, 0, 0]);

/** With no weights the state halves at each step, from either end; a row that ends early. */
export default cases('GRUSequence', {
  tolerance: { rtol: 2e-4, atol: 2e-5 },
  named: [
    {
      name: 'backwards',
      attributes: { hidden_size: 1, direction: 'reverse' },
      inputs: [f32([1, 3, 1], [1, 2, 3]), f32([1, 1, 1], [8]), i64([1], [2]), zero, zero],
      outputs: [f32([1, 1, 3, 1], [2, 4, 0]), f32([1, 1, 1], [2])],
    },
  ],
  generate: (random) => {
    const [batch, length, size, n] = [random.int(1, 3), random.int(1, 12), random.int(1, 3), random.int(1, 3)];
    const direction = random.pick(['forward', 'reverse', 'bidirectional']);
    const linear = random.next() < 0.5;
    const d = direction === 'bidirectional' ? 2 : 1;
    const t = (...shape: number[]): ReturnType<typeof f32> => random.tensor('f32', shape, -1, 1);
    const full = i64([batch], new Array<number>(batch).fill(length));
    return {
      attributes: { hidden_size: n, direction, linear_before_reset: linear },
      inputs: [t(batch, length, size), t(batch, d, n), full, t(d, 3 * n, size), t(d, 3 * n, n), t(d, (linear ? 4 : 3) * n)],
      constants: [2, 3, 4, 5],
    };
  },
});
