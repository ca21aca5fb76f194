/** Recurrent layers. `layout` 1 (opset 14) puts the batch first. */
import type { Builder, Value } from '@cuvee/core';
import { dimOf, like, sizesOf, sliced } from '../build.js';
import type { OnnxNode, OnnxOp } from '../node.js';
import { activationsOf, ofDirection, recur, type Activation, type Cell } from '../recurrence.js';

/** What the three layers have in common: X, W, R, B, sequence lengths, first states. */
interface Layer {
  readonly usual: readonly string[];
  /** gates a hidden unit */
  readonly gates: number;
  /** inputs that hold the first states */
  readonly states: readonly number[];
  /** the cell of one direction, with what it reads in every step */
  readonly cell: (direction: {
    readonly r: Value;
    readonly recurrentBias: Value | undefined;
    readonly hidden: number;
    readonly f: readonly Activation[];
    readonly d: number;
  }) => { readonly cell: Cell; readonly weights: readonly Value[] };
  /** whether a part of the recurrent bias is added inside the cell */
  readonly keepsBias?: boolean;
}

function layer(node: OnnxNode<3>, { usual, gates, states: stateInputs, cell, keepsBias }: Layer): readonly (Value | undefined)[] {
  const { g, inputs, attr } = node;
  const [x, w, r, bias, lengths] = inputs;
  const word = attr.word('direction', ['forward', 'reverse', 'bidirectional'], 'forward');
  const directions = word === 'bidirectional' ? 2 : 1;
  const batchFirst = node.version >= 14 && attr.bool('layout');
  const hidden = attr.has('hidden_size') ? attr.int('hidden_size') : dimOf(r, 2);
  if (hidden === undefined || hidden < 1) throw node.invalid(`a hidden size of ${hidden ?? 'unknown'}`);
  if ((dimOf(w, 0) ?? directions) !== directions || (dimOf(r, 1) ?? gates * hidden) !== gates * hidden)
    throw node.invalid('the weights do not fit direction and hidden size');
  const source = batchFirst ? g.transpose(x, g.ints([1, 0, 2])) : x;
  const activations = activationsOf(node, usual, directions);
  const runs = Array.from({ length: directions }, (_, d) => {
    const both = bias && ofDirection(g, bias, d);
    const [inputBias, recurrentBias] = both
      ? [sliced(g, both, 0, 0, gates * hidden), sliced(g, both, 0, gates * hidden, 2 * gates * hidden)]
      : [undefined, undefined];
    let product = g.matMul(source, ofDirection(g, w, d), { transpose_a: false, transpose_b: true });
    if (inputBias && recurrentBias) product = g.add(product, keepsBias ? inputBias : g.add(inputBias, recurrentBias));
    const zeros = (): Value =>
      g.broadcast(like(g, x, 0), g.concat([sizesOf(g, source, [1]), g.ints([hidden])], { axis: 0 }), undefined, { mode: 'numpy' });
    const states = stateInputs.map((i) => {
      const given = inputs[i];
      if (!given) return zeros();
      return ofDirection(g, batchFirst ? g.transpose(given, g.ints([1, 0, 2])) : given, d);
    });
    return recur(node, {
      x: product,
      states,
      ...cell({ r: ofDirection(g, r, d), recurrentBias, hidden, f: activations[d] as readonly Activation[], d }),
      reverse: word === 'reverse' || d === 1,
      lengths,
    });
  });
  const stacked = (values: readonly Value[], axis: number): Value => {
    const parts = values.map((value) => g.unsqueeze(value, g.ints([axis])));
    return parts.length === 1 ? (parts[0] as Value) : g.concat(parts, { axis });
  };
  const y = (): Value => {
    const whole = stacked(
      runs.map((run) => run.y),
      1,
    ); // [time, directions, batch, hidden]
    return batchFirst ? g.transpose(whole, g.ints([2, 0, 1, 3])) : whole;
  };
  const last = (i: number): Value => {
    const whole = stacked(
      runs.map((run) => run.last[i] as Value),
      0,
    );
    return batchFirst ? g.transpose(whole, g.ints([1, 0, 2])) : whole;
  };
  return [node.wants(0) ? y() : undefined, ...stateInputs.map((_, i) => (node.wants(i + 1) ? last(i) : undefined))];
}

/** Limits the gates' sums to ± `clip` when that is given. */
function clipped(node: OnnxNode<3>): (g: Builder, x: Value) => Value {
  const edge = node.attr.float('clip', 0);
  return (g, x) => (edge > 0 ? g.clamp(x, { min: -edge, max: edge }) : x);
}

const product = (g: Builder, a: Value, b: Value): Value => g.matMul(a, b, { transpose_a: false, transpose_b: true });

/** H' = f(x + H Rᵀ) */
export const RNN: OnnxOp<3> = (node) => {
  const limited = clipped(node);
  return layer(node, {
    usual: ['tanh'],
    gates: 1,
    states: [5],
    cell: ({ r, f: [f] }) => ({
      weights: [r],
      cell: (g, x, [h], [weights]) => [(f as Activation)(g, limited(g, g.add(x, product(g, h as Value, weights as Value))))],
    }),
  });
};

/** Gates z, r, h. With `linear_before_reset` the reset gate scales the product and its bias instead of the state. */
export const GRU: OnnxOp<3> = (node) => {
  const limited = clipped(node),
    linear = node.attr.bool('linear_before_reset');
  return layer(node, {
    usual: ['sigmoid', 'tanh'],
    gates: 3,
    states: [5],
    keepsBias: true,
    cell({ r, recurrentBias, hidden, f }) {
      const [inner, outer] = f as readonly [Activation, Activation];
      const cell: Cell = (g, x, [state], [weights, bias]) => {
        const h = state as Value,
          R = weights as Value;
        const part = (value: Value, axis: number, from: number, to: number): Value => sliced(g, value, axis, from * hidden, to * hidden);
        const biased = (value: Value, from: number, to: number): Value => (bias ? g.add(value, part(bias, 0, from, to)) : value);
        const gates = inner(g, limited(g, g.add(part(x, 1, 0, 2), biased(product(g, h, part(R, 0, 0, 2)), 0, 2))));
        const [z, reset] = [part(gates, 1, 0, 1), part(gates, 1, 1, 2)];
        const Rh = part(R, 0, 2, 3);
        const hiddenSum = linear ? g.multiply(reset, biased(product(g, h, Rh), 2, 3)) : biased(product(g, g.multiply(reset, h), Rh), 2, 3);
        const candidate = outer(g, limited(g, g.add(part(x, 1, 2, 3), hiddenSum)));
        return [g.add(g.multiply(g.subtract(like(g, z, 1), z), candidate), g.multiply(z, h))];
      };
      return { weights: recurrentBias ? [r, recurrentBias] : [r], cell };
    },
  });
};

/** Gates i, o, f, c, with optional peepholes from the cell state to i, o and f; `input_forget` ties f to i. */
export const LSTM: OnnxOp<3> = (node) => {
  const { g: outside, inputs } = node;
  const limited = clipped(node),
    tied = node.attr.bool('input_forget'),
    peepholes = inputs[7];
  return layer(node, {
    usual: ['sigmoid', 'tanh', 'tanh'],
    gates: 4,
    states: [5, 6],
    cell({ r, hidden, f, d }) {
      const [gate, inner, outer] = f as readonly [Activation, Activation, Activation];
      const cell: Cell = (g, x, [state, memory], [weights, peep]) => {
        const sums = g.add(x, product(g, state as Value, weights as Value));
        const part = (i: number): Value => sliced(g, sums, 1, i * hidden, (i + 1) * hidden);
        const seen = (sum: Value, c: Value, i: number): Value =>
          peep ? g.add(sum, g.multiply(sliced(g, peep, 0, i * hidden, (i + 1) * hidden), c)) : sum;
        const c = memory as Value;
        const i = gate(g, limited(g, seen(part(0), c, 0)));
        const forget = tied ? g.subtract(like(g, i, 1), i) : gate(g, limited(g, seen(part(2), c, 2)));
        const next = g.add(g.multiply(forget, c), g.multiply(i, inner(g, limited(g, part(3)))));
        const o = gate(g, limited(g, seen(part(1), next, 1)));
        return [g.multiply(o, outer(g, next)), next];
      };
      return { weights: peepholes ? [r, ofDirection(outside, peepholes, d)] : [r], cell };
    },
  });
};
