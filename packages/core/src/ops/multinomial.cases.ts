import { cases, f32, i64 } from './cases.js';

const attributes = { convert_type: 'i64', with_replacement: true, log_probs: false, global_seed: 1, op_seed: 2 };

/** Draws that chance cannot change. */
export default cases('Multinomial', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'certain',
      attributes,
      inputs: [f32([2, 3], [0, 1, 0, 2, 0, 0]), i64([], [2])],
      constants: [1],
      outputs: [i64([2, 2], [1, 1, 0, 0])],
    },
    {
      name: 'certain logarithms',
      attributes: { ...attributes, log_probs: true },
      inputs: [f32([1, 2], [Number.NEGATIVE_INFINITY, 0]), i64([1], [2])],
      constants: [1],
      outputs: [i64([1, 2], [1, 1])],
    },
  ],
  /** The draws under a seed, which every device must give. */
  generate(random) {
    const [rows, classes] = [random.int(1, 3), random.int(2, 6)];
    const with_replacement = random.next() < 0.5;
    return {
      attributes: { ...attributes, with_replacement, log_probs: random.next() < 0.5, global_seed: random.int(1, 99) },
      inputs: [random.tensor('f32', [rows, classes], 0.1, 1), i64([], [with_replacement ? random.int(1, 9) : random.int(1, classes)])],
      constants: [1],
    };
  },
});
