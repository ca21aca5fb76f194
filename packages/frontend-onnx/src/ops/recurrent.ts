/** Recurrent layers. `layout` 1 (opset 14) puts the batch first. */
import { gatedCell, memoryCell, plainCell } from '../cells.js';
import { layer, type Layer } from '../layers.js';
import type { OnnxNode, OnnxOp } from '../node.js';
import { ofDirection } from '../recurrence.js';

/** H' = f(x + H Rᵀ) */
export const RNN: OnnxOp<3> = (node) =>
  layer(node, { usual: ['tanh'], gates: 1, states: [5], cell: ({ r, parts }) => ({ weights: [r], cell: plainCell(parts) }) });

/** Gates z, r, h. With `linear_before_reset` the reset gate scales the product and its bias instead of the state. */
export const GRU: OnnxOp<3> = (node) =>
  layer(node, {
    usual: ['sigmoid', 'tanh'],
    gates: 3,
    states: [5],
    keepsBias: true,
    cell: ({ r, recurrentBias, parts }) => ({
      weights: recurrentBias ? [r, recurrentBias] : [r],
      cell: gatedCell(parts, node.attr.bool('linear_before_reset')),
    }),
  });

/** What an LSTM node says: gates i, o, f, c, with optional peepholes from the cell state to i, o and f; `input_forget` ties f to i. */
export const lstmLayer = (node: OnnxNode<3>): Layer => ({
  usual: ['sigmoid', 'tanh', 'tanh'],
  gates: 4,
  states: [5, 6],
  cell: ({ r, direction, parts }) => ({
    weights: node.inputs[7] ? [r, ofDirection(node.g, node.inputs[7], direction)] : [r],
    cell: memoryCell(parts, node.attr.bool('input_forget')),
  }),
});

export const LSTM: OnnxOp<3> = (node) => layer(node, lstmLayer(node));
