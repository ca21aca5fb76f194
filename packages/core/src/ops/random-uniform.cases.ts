import { Literal } from '../tensor/literal.js';
import { cases, f32, i64 } from './cases.js';

/** What does not depend on the sequence: nothing at all, and a range of one integer. */
export default cases('RandomUniform', {
  tolerance: { rtol: 1e-6, atol: 0 },
  named: [
    {
      name: 'no elements',
      attributes: { output_type: 'f32', op_seed: 1, global_seed: 2 },
      inputs: [i64([2], [0, 3]), f32([], [0]), f32([], [1])],
      constants: [0],
      outputs: [f32([0, 3], [])],
    },
    {
      name: 'a single possible integer',
      attributes: { output_type: 'i64', op_seed: 1, global_seed: 2 },
      inputs: [i64([1], [3]), i64([], [5]), i64([], [6])],
      constants: [0],
      outputs: [i64([3], [5, 5, 5])],
    },
  ],
  /** The sequence under a seed, which every device must give. */
  generate(random) {
    const output_type = random.pick(['f32', 'f16', 'bf16', 'f64', 'i32', 'i64', 'u8'] as const);
    const whole = output_type.startsWith('i') || output_type.startsWith('u');
    const low = whole ? random.int(0, 5) : random.next() * 4 - 2;
    return {
      attributes: {
        output_type,
        op_seed: random.int(0, 9),
        global_seed: random.int(1, 99),
        alignment: random.pick(['tensorflow', 'pytorch']),
      },
      inputs: [
        i64([2], [random.int(0, 40), random.int(1, 40)]),
        Literal.from(output_type, [], [low]),
        Literal.from(output_type, [], [low + random.int(1, 100)]),
      ],
      constants: [0],
    };
  },
});
