import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { CuveeError } from '../errors.js';
import { numbersOf } from '../tensor/nd.js';
import { bool, oneOf } from './attributes.js';
import { current, floating, op, optional, port } from './op.js';
import { lstm, recurrentAttributes } from './recurrent.js';
import { evaluateCell } from './recurrent-evaluate.js';
import { inferCell } from './recurrent-facts.js';
import { cellGraph } from './recurrent-graph.js';

const attributes = recurrentAttributes(['sigmoid', 'tanh', 'tanh']);
const formats = ['fico', 'icof', 'ifco', 'ifoc', 'iofc'] as const;

/**
 * Blocks of rows in the order of this version: forget, input, cell, output. `ifco` is what OpenVINO writes by default and computes as if it
 * were `fico`; the others are what they say.
 */
function reordered(g: Builder, weights: Value, format: string, hidden: number): Value {
  if (format === 'fico' || format === 'ifco') return weights;
  const parts = [...'fico'].map((gate) => {
    const from = format.indexOf(gate) * hidden;
    return g.slice(weights, g.ints([from]), g.ints([from + hidden]), g.ints([1]), g.ints([0]), {});
  });
  return g.concat(parts, { axis: 0 });
}

/**
 * One step of an LSTM: X [batch, input], states H and C [batch, hidden], W [4·hidden, input], R [4·hidden, hidden], B [4·hidden], in blocks
 * forget, input, cell, output. f, i, o = σ(·), C = f·C₀ + i·g(·), H = o·h(C); the arguments of σ and g are clipped to ±clip.
 *
 * LSTMCell-1 takes the blocks in the order of `weights_format`; its peepholes and coupled gates (`input_forget`) are not supported.
 * Spec: OpenVINO LSTMCell-4.
 */
export const LSTMCell = op('LSTMCell', {
  attributes,
  inputs: [
    port('X', floating, 2),
    port('initial_hidden_state', floating, 2),
    port('initial_cell_state', floating, 2),
    port('W', floating, 2),
    port('R', floating, 2),
    optional('B', floating, 1),
  ],
  outputs: [port('Ho', floating), port('Co', floating)],
  since: {
    opset1: {
      attributes: { ...attributes, input_forget: bool(false), weights_format: oneOf(formats, 'fico') },
      rebuild(g, [x, h, c, w, r, b, peepholes], { input_forget, weights_format, ...rest }) {
        const zero = !peepholes || (peepholes.fact.value !== undefined && numbersOf(peepholes.fact.value.nd()).every((p) => p === 0));
        if (input_forget || !zero)
          throw new CuveeError('MODEL_UNSUPPORTED', 'LSTMCell-1 with peepholes or coupled gates', { op: 'LSTMCell' });
        const hidden = rest.hidden_size as number;
        const [W, R, B] = [w, r, b].map((v) => v && reordered(g, v, weights_format as string, hidden));
        return g.node('LSTMCell', [x, h, c, W, R, B], rest);
      },
    },
    opset4: current,
  },

  infer({ X, initial_hidden_state: h, initial_cell_state: c, W, R, B }, a, ctx) {
    const shape = inferCell(ctx, lstm, a, X, [h, c], W, R, B);
    return [
      { type: X.type, shape },
      { type: X.type, shape },
    ];
  },

  evaluate: ({ X, initial_hidden_state: h, initial_cell_state: c, W, R, B }, a) => evaluateCell(lstm, a, X, [h, c], W, R, B),

  decompose: (g, { X, initial_hidden_state: h, initial_cell_state: c, W, R, B }, a) => cellGraph(g, lstm, a, X, [h, c], W, R, B),
});
