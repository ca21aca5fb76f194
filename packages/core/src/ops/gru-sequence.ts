import { bool, oneOf } from './attributes.js';
import { floating, index, op, optional, port } from './op.js';
import { gru, recurrentAttributes } from './recurrent.js';
import { evaluateSequence } from './recurrent-evaluate.js';
import { inferSequence } from './recurrent-facts.js';
import { sequenceGraph } from './recurrent-graph.js';

/** GRUCell along X [batch, length, input]; directions, lengths and outputs as in LSTMSequence, without a cell state. Spec: OpenVINO GRUSequence-5. */
export const GRUSequence = op('GRUSequence', {
  attributes: {
    direction: oneOf(['forward', 'reverse', 'bidirectional'], 'forward'),
    linear_before_reset: bool(false),
    ...recurrentAttributes(['sigmoid', 'tanh']),
  },
  inputs: [
    port('X', floating, 3),
    port('initial_hidden_state', floating, 3),
    port('sequence_lengths', index, 1),
    port('W', floating, 3),
    port('R', floating, 3),
    optional('B', floating, 2),
  ],
  outputs: [port('Y', floating), port('Ho', floating)],
  since: { opset5: {} },

  infer({ X, initial_hidden_state: h, sequence_lengths, W, R, B }, a, ctx) {
    const [y, last] = inferSequence(ctx, gru(a.linear_before_reset), a, a.direction, X, [h], sequence_lengths, W, R, B);
    return [
      { type: X.type, shape: y },
      { type: X.type, shape: last },
    ];
  },

  evaluate: ({ X, initial_hidden_state: h, sequence_lengths, W, R, B }, a) =>
    evaluateSequence(gru(a.linear_before_reset), a, a.direction, X, [h], sequence_lengths, W, R, B),

  decompose: (g, { X, initial_hidden_state: h, sequence_lengths, W, R, B }, a) =>
    sequenceGraph(g, gru(a.linear_before_reset), a, a.direction, X, [h], sequence_lengths, W, R, B),
});
