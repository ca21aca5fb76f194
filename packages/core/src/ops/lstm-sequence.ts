import { oneOf } from './attributes.js';
import { floating, index, op, optional, port } from './op.js';
import { lstm, recurrentAttributes } from './recurrent.js';
import { evaluateSequence } from './recurrent-evaluate.js';
import { inferSequence } from './recurrent-facts.js';
import { sequenceGraph } from './recurrent-graph.js';

/**
 * LSTMCell along X [batch, length, input], forwards, backwards or both; W, R, B and the states have a direction axis. Outputs: H of every
 * step [batch, direction, length, hidden] and the last H and C. Places behind a row's `sequence_lengths` give 0 and leave the states.
 * Spec: OpenVINO LSTMSequence-5.
 */
export const LSTMSequence = op('LSTMSequence', {
  attributes: { direction: oneOf(['forward', 'reverse', 'bidirectional'], 'forward'), ...recurrentAttributes(['sigmoid', 'tanh', 'tanh']) },
  inputs: [
    port('X', floating, 3),
    port('initial_hidden_state', floating, 3),
    port('initial_cell_state', floating, 3),
    port('sequence_lengths', index, 1),
    port('W', floating, 3),
    port('R', floating, 3),
    optional('B', floating, 2),
  ],
  outputs: [port('Y', floating), port('Ho', floating), port('Co', floating)],
  since: { opset5: {} },

  infer({ X, initial_hidden_state: h, initial_cell_state: c, sequence_lengths, W, R, B }, a, ctx) {
    const [y, last] = inferSequence(ctx, lstm, a, a.direction, X, [h, c], sequence_lengths, W, R, B);
    return [
      { type: X.type, shape: y },
      { type: X.type, shape: last },
      { type: X.type, shape: last },
    ];
  },

  evaluate: ({ X, initial_hidden_state: h, initial_cell_state: c, sequence_lengths, W, R, B }, a) =>
    evaluateSequence(lstm, a, a.direction, X, [h, c], sequence_lengths, W, R, B),

  decompose: (g, { X, initial_hidden_state: h, initial_cell_state: c, sequence_lengths, W, R, B }, a) =>
    sequenceGraph(g, lstm, a, a.direction, X, [h, c], sequence_lengths, W, R, B),
});
