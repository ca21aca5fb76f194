/** @file Recurrent cells and sequences in simpler operations. */
import { Model } from '../ir/model.js';
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { numbersOf } from '../tensor/nd.js';
import type { PortMapping } from './attributes.js';
import { directionsOf, type Cell, type Direction, type RecurrentValues } from './recurrent.js';
import { counting, sizesOf, type Size } from './sizes.js';

/** The cell as a graph. */
export function cellGraph(
  g: Builder,
  cell: Cell,
  v: RecurrentValues,
  x: Value,
  states: readonly Value[],
  w: Value,
  r: Value,
  b: Value | undefined,
): readonly Value[] {
  return cell.graph(g, v, inputSums(g, cell, v, g.matMul(x, w, { transpose_b: true }), b, 1), states, r);
}

/** X·Wᵀ plus the bias. The bias has a fourth block where GRU keeps that of H·Rᵀ apart; the products get a block of zeros for it. */
function inputSums(g: Builder, cell: Cell, v: RecurrentValues, products: Value, b: Value | undefined, axis: number): Value {
  const n = v.hidden_size;
  const none = new Array<number>(axis).fill(0);
  const wide =
    cell.biases > cell.gates ? g.pad(products, g.ints([...none, 0]), g.ints([...none, n]), undefined, { pad_mode: 'constant' }) : products;
  return b ? g.add(wide, b, {}) : wide;
}

/** Sequences of known length up to this many steps become one chain of cells; longer ones a TensorIterator. */
const unrolledSteps = 8;

/** The sequence as a graph: X·Wᵀ for all steps at once, then step by step what depends on the state. */
export function sequenceGraph(
  g: Builder,
  cell: Cell,
  v: RecurrentValues,
  direction: Direction,
  x: Value,
  states: readonly Value[],
  lengths: Value,
  w: Value,
  r: Value,
  b: Value | undefined,
): readonly Value[] | undefined {
  const sizes = sizesOf(g, x);
  if (!sizes) return undefined;
  const length = sizes[1] as Size;
  const full =
    typeof length === 'number' && lengths.fact.value !== undefined && numbersOf(lengths.fact.value.nd()).every((n) => n >= length);
  const at = (value: Value, d: number, axis: number): Value =>
    g.squeeze(g.slice(value, g.ints([d]), g.ints([d + 1]), g.ints([1]), g.ints([axis]), {}), g.ints([axis]), {});
  const outputs = directionsOf(direction).map((backwards, d) => {
    const input = backwards && !full ? g.reverseSequence(x, lengths, {}) : x;
    const sums = inputSums(g, cell, v, g.matMul(input, at(w, d, 0), { transpose_b: true }), b && at(b, d, 0), 2);
    const mask = full
      ? undefined
      : g.unsqueeze(g.less(counting(g, length), g.unsqueeze(g.cast(lengths, 'i64'), g.ints([1]), {}), {}), g.ints([2]), {});
    const walk = { cell, v, sums, mask, first: states.map((s) => at(s, d, 1)), r: at(r, d, 0), backwards: backwards && full };
    const [y, ...last] = typeof length === 'number' && length <= unrolledSteps && length > 0 ? chain(g, walk, length) : iterated(g, walk);
    const ordered = backwards && !full ? g.reverseSequence(y as Value, lengths, {}) : (y as Value);
    return [g.unsqueeze(ordered, g.ints([1]), {}), ...last.map((s) => g.unsqueeze(s, g.ints([1]), {}))];
  });
  const joined = (k: number): Value =>
    outputs.length === 1
      ? (outputs[0]?.[k] as Value)
      : g.concat(
          outputs.map((o) => o[k] as Value),
          { axis: 1 },
        );
  return Array.from({ length: 1 + cell.states }, (_, k) => joined(k));
}

/** One direction of a sequence. */
interface Walk {
  readonly cell: Cell;
  readonly v: RecurrentValues;
  /** X·Wᵀ plus the bias, of all steps. */
  readonly sums: Value;
  /** Which steps are within a row's length; undefined: all. */
  readonly mask: Value | undefined;
  /** States before the first step. */
  readonly first: readonly Value[];
  readonly r: Value;
  readonly backwards: boolean;
}

/** One step: Y and the new states; behind a row's length 0 and the old states. */
function step(
  g: Builder,
  { cell, v }: Walk,
  x: Value,
  mask: Value | undefined,
  states: readonly Value[],
  r: Value,
): readonly [Value, readonly Value[]] {
  const next = cell.graph(g, v, x, states, r);
  if (!mask) return [next[0] as Value, next];
  return [
    g.select(mask, next[0] as Value, g.scalar(0, next[0] as Value), {}),
    next.map((s, k) => g.select(mask, s, states[k] as Value, {})),
  ];
}

function chain(g: Builder, walk: Walk, length: number): readonly Value[] {
  const { sums, mask, first, r, backwards } = walk;
  const cut = (x: Value): readonly Value[] =>
    g.split(x, g.constant('i64', [], [1]), { num_splits: length }).map((p) => g.squeeze(p, g.ints([1]), {}));
  const inputs = cut(sums);
  const masks = mask && cut(mask);
  const ys = new Array<Value>(length);
  let states = first;
  for (let t = 0; t < length; t++) {
    const p = backwards ? length - 1 - t : t;
    const [y, next] = step(g, walk, inputs[p] as Value, masks?.[p], states, r);
    ys[p] = g.unsqueeze(y, g.ints([1]), {});
    states = next;
  }
  return [ys.length === 1 ? (ys[0] as Value) : g.concat(ys, { axis: 1 }), ...states];
}

function iterated(g: Builder, walk: Walk): readonly Value[] {
  const { sums, mask, first, r, backwards } = walk;
  const body = g.body();
  const { type } = sums.fact;
  const x = body.parameter(type, '?,1,?', 'x');
  const states = first.map((_, k) => body.parameter(type, '?,?', `state${k}`));
  const weights = body.parameter(type, '?,?', 'r');
  const m = mask && body.parameter('boolean', '?,1,1', 'mask');
  const flat = (value: Value): Value => body.squeeze(value, body.ints([1]), {});
  const [y, next] = step(body, walk, flat(x), m && flat(m), states, weights);
  const results = [body.result(body.unsqueeze(y, body.ints([1]), {})), ...next.map((s) => body.result(s))];
  const parameters = [x, ...states, weights, ...(m ? [m] : [])];
  const range = backwards
    ? { axis: 1, start: -1, end: 0, stride: -1, partSize: 1 }
    : { axis: 1, start: 0, end: -1, stride: 1, partSize: 1 };
  const n = states.length;
  const inputs: PortMapping[] = [
    { external: 0, internal: 0, ...range },
    ...states.map((_, k): PortMapping => ({ external: k + 1, internal: k + 1, backEdge: k + 1 })),
    { external: n + 1, internal: n + 1 },
    ...(m ? [{ external: n + 2, internal: n + 2, ...range }] : []),
  ];
  const outputs: PortMapping[] = [
    { external: 0, internal: 0, ...range },
    ...states.map((_, k): PortMapping => ({ external: k + 1, internal: k + 1 })),
  ];
  const model = new Model({ name: 'step', parameters: parameters.map((p) => p.node), results, scope: body.scope });
  return g.tensorIterator([sums, ...first, r, ...(mask ? [mask] : [])], { body: model, inputs, outputs });
}
