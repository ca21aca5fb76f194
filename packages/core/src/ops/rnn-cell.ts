import { floating, op, optional, port } from './op.js';
import { recurrentAttributes, rnn } from './recurrent.js';
import { evaluateCell } from './recurrent-evaluate.js';
import { inferCell } from './recurrent-facts.js';
import { cellGraph } from './recurrent-graph.js';

/** One step of a simple recurrent network: H' = f(X·Wᵀ + H·Rᵀ + B), clipped to ±clip before f. Spec: OpenVINO RNNCell-1 (since opset3). */
export const RNNCell = op('RNNCell', {
  attributes: recurrentAttributes(['tanh']),
  inputs: [
    port('X', floating, 2),
    port('initial_hidden_state', floating, 2),
    port('W', floating, 2),
    port('R', floating, 2),
    optional('B', floating, 1),
  ],
  outputs: [port('Ho', floating)],

  infer({ X, initial_hidden_state: h, W, R, B }, a, ctx) {
    return { type: X.type, shape: inferCell(ctx, rnn, a, X, [h], W, R, B) };
  },

  evaluate: ({ X, initial_hidden_state: h, W, R, B }, a) => evaluateCell(rnn, a, X, [h], W, R, B),

  decompose: (g, { X, initial_hidden_state: h, W, R, B }, a) => cellGraph(g, rnn, a, X, [h], W, R, B),
});
