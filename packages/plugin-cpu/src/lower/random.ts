/** @file Operations that draw random numbers; see native/kernels/random. */
import { computeType } from '../ops/elementwise.js';
import type { LoweringTable } from '../compile/lowering.js';
import { computed } from './detection.js';

export const random: LoweringTable = {
  RandomUniform: {
    refuse: (node) => (computeType(node.output.fact.type) ? undefined : `element type ${node.output.fact.type}`),
    opens: true,
    lower(c) {
      const { global_seed, op_seed, alignment } = c.node.attributes;
      c.emit('random_uniform', '', c.inputs(), c.outputs(), [Number(global_seed), Number(op_seed), alignment === 'pytorch' ? 1 : 0]);
    },
  },
  Multinomial: {
    refuse: computed,
    opens: true,
    lower(c) {
      const { with_replacement, log_probs, global_seed, op_seed } = c.node.attributes;
      c.emit('multinomial', '', c.inputs(), c.outputs(), [
        Number(with_replacement),
        Number(log_probs),
        Number(global_seed),
        Number(op_seed),
      ]);
    },
  },
};
