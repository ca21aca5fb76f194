import { bool } from './attributes.js';
import { floating, op, optional, port } from './op.js';
import { gru, recurrentAttributes } from './recurrent.js';
import { evaluateCell } from './recurrent-evaluate.js';
import { inferCell } from './recurrent-facts.js';
import { cellGraph } from './recurrent-graph.js';

/**
 * One step of a GRU: X [batch, input], H [batch, hidden], W [3·hidden, input], R [3·hidden, hidden], B [3·hidden] in blocks update, reset,
 * hidden. z, r = σ(·), h = g(·), H' = (1 - z)·h + z·H; the reset gate acts on H, or with `linear_before_reset` on H·Rᵀ + a bias of its
 * own: B then has four blocks.
 * Spec: OpenVINO GRUCell-3.
 */
export const GRUCell = op('GRUCell', {
  attributes: { linear_before_reset: bool(false), ...recurrentAttributes(['sigmoid', 'tanh']) },
  inputs: [
    port('X', floating, 2),
    port('initial_hidden_state', floating, 2),
    port('W', floating, 2),
    port('R', floating, 2),
    optional('B', floating, 1),
  ],
  outputs: [port('Ho', floating)],
  since: { opset3: {} },

  infer({ X, initial_hidden_state: h, W, R, B }, a, ctx) {
    return { type: X.type, shape: inferCell(ctx, gru(a.linear_before_reset), a, X, [h], W, R, B) };
  },

  evaluate: ({ X, initial_hidden_state: h, W, R, B }, a) => evaluateCell(gru(a.linear_before_reset), a, X, [h], W, R, B),

  decompose: (g, { X, initial_hidden_state: h, W, R, B }, a) => cellGraph(g, gru(a.linear_before_reset), a, X, [h], W, R, B),
});
