/** Recurrent layers: what RNN, GRU and LSTM have in common. Inputs X, W, R, B, sequence lengths, first states. */
import type { Builder, Value } from '@cuvee/core';
import { dimOf, like, sizesOf, sliced, timesRows } from './build.js';
import type { CellParts } from './cells.js';
import type { OnnxNode } from './node.js';
import { activationsOf, ofDirection, recur, type Activation, type Cell } from './recurrence.js';

/** What tells one kind of layer from another. */
export interface Layer {
  /** names of its functions */
  readonly usual: readonly string[];
  /** gates a hidden unit */
  readonly gates: number;
  /** inputs that hold the first states */
  readonly states: readonly number[];
  /** the cell of one direction, with what it reads in every step */
  readonly cell: (given: {
    readonly r: Value;
    readonly recurrentBias: Value | undefined;
    readonly direction: number;
    readonly parts: CellParts;
  }) => { readonly cell: Cell; readonly weights: readonly Value[] };
  /** whether the recurrent bias is added inside the cell */
  readonly keepsBias?: boolean;
  /** what becomes of inputs and states before weights multiply them */
  readonly read?: (g: Builder, x: Value) => Value;
}

/** What a node says about its layer. */
interface Told {
  readonly directions: number;
  readonly reverse: boolean;
  readonly hidden: number;
  readonly batchFirst: boolean;
  /** X as [time, batch, inputs] */
  readonly source: Value;
}

function toldBy(node: OnnxNode<3>, gates: number): Told {
  const { g, attr } = node;
  const [x, w, r] = node.inputs;
  const word = attr.word('direction', ['forward', 'reverse', 'bidirectional'], 'forward');
  const directions = word === 'bidirectional' ? 2 : 1;
  const batchFirst = node.version >= 14 && attr.bool('layout');
  const hidden = attr.has('hidden_size') ? attr.int('hidden_size') : dimOf(r, 2);
  if (hidden === undefined || hidden < 1) throw node.invalid(`a hidden size of ${hidden ?? 'unknown'}`);
  if ((dimOf(w, 0) ?? directions) !== directions || (dimOf(r, 1) ?? gates * hidden) !== gates * hidden)
    throw node.invalid('the weights do not fit direction and hidden size');
  return { directions, reverse: word === 'reverse', hidden, batchFirst, source: swapped(g, x, batchFirst) };
}

/** Outputs Y [time, directions, batch, hidden] and the last states [directions, batch, hidden]; with `layout` 1 the batch comes first. */
export function layer(node: OnnxNode<3>, kind: Layer): readonly (Value | undefined)[] {
  const { g } = node;
  const told = toldBy(node, kind.gates);
  const activations = activationsOf(node, kind.usual, told.directions);
  const runs = activations.map((f, direction) => ran(node, kind, told, direction, f));
  const y = (): Value => {
    const whole = stacked(
      g,
      runs.map((run) => run.y),
      1,
    );
    return told.batchFirst ? g.transpose(whole, g.ints([2, 0, 1, 3])) : whole;
  };
  const last = (i: number): Value =>
    swapped(
      g,
      stacked(
        g,
        runs.map((run) => run.last[i] as Value),
        0,
      ),
      told.batchFirst,
    );
  return [node.wants(0) ? y() : undefined, ...kind.states.map((_, i) => (node.wants(i + 1) ? last(i) : undefined))];
}

/** One direction. */
function ran(
  node: OnnxNode<3>,
  { gates, states, cell, keepsBias, read = asIs }: Layer,
  told: Told,
  direction: number,
  f: readonly Activation[],
) {
  const { g, inputs } = node;
  const [, w, r, bias, lengths] = inputs;
  const { hidden, source } = told;
  const both = bias && ofDirection(g, bias, direction);
  const inputBias = both && sliced(g, both, 0, 0, gates * hidden);
  const recurrentBias = both && sliced(g, both, 0, gates * hidden, 2 * gates * hidden);
  const product = timesRows(g, read(g, source), ofDirection(g, w, direction));
  const added = inputBias && recurrentBias && (keepsBias ? inputBias : g.add(inputBias, recurrentBias));
  const first = (given: Value | undefined): Value =>
    given ? ofDirection(g, swapped(g, given, told.batchFirst), direction) : zeros(g, source, hidden);
  const parts = { hidden, f, limited: clipped(node), read };
  return recur(node, {
    x: added ? g.add(product, added) : product,
    states: states.map((i) => first(inputs[i])),
    ...cell({ r: ofDirection(g, r, direction), recurrentBias, direction, parts }),
    reverse: told.reverse || direction === 1,
    lengths,
  });
}

const asIs = (_: Builder, x: Value): Value => x;

/** [batch, hidden] for [time, batch, …] */
const zeros = (g: Builder, source: Value, hidden: number): Value =>
  g.broadcast(like(g, source, 0), g.concat([sizesOf(g, source, [1]), g.ints([hidden])], { axis: 0 }), undefined, { mode: 'numpy' });

/** The first two of three axes changed, where the batch comes first. */
const swapped = (g: Builder, x: Value, batchFirst: boolean): Value => (batchFirst ? g.transpose(x, g.ints([1, 0, 2])) : x);

function stacked(g: Builder, values: readonly Value[], axis: number): Value {
  const parts = values.map((value) => g.unsqueeze(value, g.ints([axis])));
  return parts.length === 1 ? (parts[0] as Value) : g.concat(parts, { axis });
}

/** Limits the gates' sums to ± `clip` when that is given. */
function clipped({ attr }: OnnxNode<3>): (g: Builder, x: Value) => Value {
  const edge = attr.float('clip', 0);
  return (g, x) => (edge > 0 ? g.clamp(x, { min: -edge, max: edge }) : x);
}
