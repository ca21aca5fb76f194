/** @file What the recurrent rooms share: activations, cells on numbers, cells and sequences as graphs. */
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import { Model } from '../ir/model.js';
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { mul, type Dim, type Shape } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { numbersOf, zeros, type NdArray } from '../tensor/nd.js';
import { float, floats, int, texts, type PortMapping } from './attributes.js';
import { counting, sizesOf, type Size } from './sizes.js';

/** Attributes that every recurrent operation has; activations by their lower-case names. */
export const recurrentAttributes = (activations: readonly string[]) => ({
  hidden_size: int(undefined, { min: 1 }),
  activations: texts(activations),
  activations_alpha: floats([]),
  activations_beta: floats([]),
  clip: float(0, { min: 0 }),
});

/** The attributes' values. */
export interface RecurrentValues {
  readonly hidden_size: number;
  readonly activations: readonly string[];
  readonly activations_alpha: readonly number[];
  readonly activations_beta: readonly number[];
  readonly clip: number;
}

interface Activation {
  readonly alpha: number;
  readonly beta: number;
  readonly number: (x: number, alpha: number, beta: number) => number;
  readonly graph: (g: Builder, x: Value, alpha: number, beta: number) => Value;
}

/** Activations with ONNX's names and defaults. */
const activations: Readonly<Record<string, Activation>> = {
  sigmoid: { alpha: 0, beta: 0, number: (x) => 1 / (1 + Math.exp(-x)), graph: (g, x) => g.sigmoid(x, {}) },
  tanh: { alpha: 0, beta: 0, number: Math.tanh, graph: (g, x) => g.tanh(x, {}) },
  relu: { alpha: 0, beta: 0, number: (x) => Math.max(0, x), graph: (g, x) => g.relu(x, {}) },
  hardsigmoid: {
    alpha: 0.2,
    beta: 0.5,
    number: (x, a, b) => Math.min(1, Math.max(0, a * x + b)),
    graph: (g, x, a, b) => g.hardSigmoid(x, g.scalar(a, x), g.scalar(b, x), {}),
  },
  affine: {
    alpha: 1,
    beta: 0,
    number: (x, a, b) => a * x + b,
    graph: (g, x, a, b) => g.add(g.multiply(x, g.scalar(a, x), {}), g.scalar(b, x), {}),
  },
  leakyrelu: { alpha: 0.01, beta: 0, number: (x, a) => (x < 0 ? a * x : x), graph: (g, x, a) => g.pRelu(x, g.scalar(a, x), {}) },
  elu: { alpha: 1, beta: 0, number: (x, a) => (x < 0 ? a * Math.expm1(x) : x), graph: (g, x, a) => g.elu(x, { alpha: a }) },
  softsign: { alpha: 0, beta: 0, number: (x) => x / (1 + Math.abs(x)), graph: (g, x) => g.softSign(x, {}) },
  softplus: { alpha: 0, beta: 0, number: (x) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(0, x), graph: (g, x) => g.softPlus(x, {}) },
  scaledtanh: {
    alpha: 1,
    beta: 1,
    number: (x, a, b) => a * Math.tanh(b * x),
    graph: (g, x, a, b) => g.multiply(g.tanh(g.multiply(x, g.scalar(b, x), {}), {}), g.scalar(a, x), {}),
  },
};

function activationAt(v: RecurrentValues, i: number): { readonly spec: Activation; readonly alpha: number; readonly beta: number } {
  const name = (v.activations[i] ?? '').toLowerCase();
  const spec = activations[name];
  if (!spec)
    throw new CuveeError('MODEL_UNSUPPORTED', `activation "${name}" is not known; known are ${Object.keys(activations).join(', ')}`);
  return { spec, alpha: v.activations_alpha[i] ?? spec.alpha, beta: v.activations_beta[i] ?? spec.beta };
}

/** Activation `i` on a number, clipped before. */
function numeric(v: RecurrentValues, i: number, clip = v.clip): (x: number) => number {
  const { spec, alpha, beta } = activationAt(v, i);
  return clip > 0 ? (x) => spec.number(Math.min(clip, Math.max(-clip, x)), alpha, beta) : (x) => spec.number(x, alpha, beta);
}

/** Activation `i` in a graph, clipped before. */
function graphed(g: Builder, v: RecurrentValues, i: number, x: Value, clip = v.clip): Value {
  const { spec, alpha, beta } = activationAt(v, i);
  return spec.graph(g, clip > 0 ? g.clamp(x, { min: -clip, max: clip }) : x, alpha, beta);
}

/** One kind of cell, on numbers and as a graph. The states are H, and C for LSTM. */
export interface Cell {
  /** Blocks of rows in W and R. */
  readonly gates: number;
  readonly states: 1 | 2;
  /** Blocks in the bias. */
  readonly biases: number;
  /** `x` is W·X + B, gate after gate; `recur(k, h)` is block k of R applied to h. */
  step(
    v: RecurrentValues,
    x: Float64Array,
    states: readonly Float64Array[],
    recur: (gate: number, h: Float64Array) => Float64Array,
  ): readonly Float64Array[];
  /** The same: `x` is X·Wᵀ + B of shape [batch, blocks·H], R is [gates·H, H]. */
  graph(g: Builder, v: RecurrentValues, x: Value, states: readonly Value[], r: Value): readonly Value[];
}

const block = (x: Float64Array, i: number, n: number): Float64Array => x.subarray(i * n, (i + 1) * n);
const parts = (g: Builder, x: Value, n: number): readonly Value[] => g.split(x, g.constant('i64', [], [1]), { num_splits: n });

/** H = f(X·Wᵀ + H·Rᵀ + B). */
export const rnn: Cell = {
  gates: 1,
  states: 1,
  biases: 1,
  step(v, x, [h], recur) {
    const f = numeric(v, 0);
    const r = recur(0, h as Float64Array);
    return [x.map((a, i) => f(a + (r[i] as number)))];
  },
  graph: (g, v, x, [h], r) => [graphed(g, v, 0, g.add(x, g.matMul(h as Value, r, { transpose_b: true }), {}))],
};

/** Gates forget, input, cell, output: C = f·C + i·c, H = o·h(C). */
export const lstm: Cell = {
  gates: 4,
  states: 2,
  biases: 4,
  step(v, x, [h, c], recur) {
    const n = v.hidden_size;
    const [act, inner, outer] = [numeric(v, 0), numeric(v, 1), numeric(v, 2, 0)];
    const sums = [0, 1, 2, 3].map((k) => {
      const r = recur(k, h as Float64Array);
      return block(x, k, n).map((a, i) => a + (r[i] as number));
    }) as [Float64Array, Float64Array, Float64Array, Float64Array];
    const cell = (c as Float64Array).map(
      (old, i) => act(sums[0][i] as number) * old + act(sums[1][i] as number) * inner(sums[2][i] as number),
    );
    return [cell.map((value, i) => act(sums[3][i] as number) * outer(value)), cell];
  },
  graph(g, v, x, [h, c], r) {
    const [f, i, inner, o] = parts(g, g.add(x, g.matMul(h as Value, r, { transpose_b: true }), {}), 4) as [Value, Value, Value, Value];
    const kept = g.multiply(graphed(g, v, 0, f), c as Value, {});
    const cell = g.add(kept, g.multiply(graphed(g, v, 0, i), graphed(g, v, 1, inner), {}), {});
    return [g.multiply(graphed(g, v, 0, o), graphed(g, v, 2, cell, 0), {}), cell];
  },
};

/** Gates update, reset, hidden: H = (1 - z)·h + z·H; the reset gate acts on H, or with `linearBeforeReset` on H·Rᵀ + its own bias. */
export const gru = (linearBeforeReset: boolean): Cell => ({
  gates: 3,
  states: 1,
  biases: linearBeforeReset ? 4 : 3,
  step(v, x, [h], recur) {
    const n = v.hidden_size;
    const old = h as Float64Array;
    const [act, inner] = [numeric(v, 0), numeric(v, 1)];
    const gate = (k: number): Float64Array => {
      const r = recur(k, old);
      return block(x, k, n).map((a, i) => act(a + (r[i] as number)));
    };
    const z = gate(0);
    const reset = gate(1);
    const r = linearBeforeReset
      ? recur(2, old).map((a, i) => (reset[i] as number) * (a + (block(x, 3, n)[i] as number)))
      : recur(
          2,
          old.map((a, i) => a * (reset[i] as number)),
        );
    return [block(x, 2, n).map((a, i) => (1 - (z[i] as number)) * inner(a + (r[i] as number)) + (z[i] as number) * (old[i] as number))];
  },
  graph(g, v, x, [h], r) {
    const old = h as Value;
    const n = v.hidden_size;
    const rows = (from: number, to: number): Value => g.slice(r, g.ints([from * n]), g.ints([to * n]), g.ints([1]), g.ints([0]), {});
    const columns = (from: number, to: number): Value => g.slice(x, g.ints([from * n]), g.ints([to * n]), g.ints([1]), g.ints([1]), {});
    const [z, reset] = parts(g, graphed(g, v, 0, g.add(columns(0, 2), g.matMul(old, rows(0, 2), { transpose_b: true }), {})), 2) as [
      Value,
      Value,
    ];
    const recurred = linearBeforeReset
      ? g.multiply(reset, g.add(g.matMul(old, rows(2, 3), { transpose_b: true }), columns(3, 4), {}), {})
      : g.matMul(g.multiply(reset, old, {}), rows(2, 3), { transpose_b: true });
    const fresh = graphed(g, v, 1, g.add(columns(2, 3), recurred, {}));
    return [g.add(g.multiply(g.subtract(g.scalar(1, z), z, {}), fresh, {}), g.multiply(z, old, {}), {})];
  },
});

/** Shape [batch, hidden] of a cell's outputs; checks the inputs that are known. */
export function inferCell(
  ctx: Infer,
  cell: Cell,
  v: RecurrentValues,
  x: Fact,
  states: readonly Fact[],
  w: Fact,
  r: Fact,
  b: Fact | undefined,
): Shape {
  const n = v.hidden_size;
  for (const [what, f] of [['X', x], ['W', w], ['R', r], ...states.map((s) => ['a state', s] as const)] as const) ctx.axes(what, f, 2);
  if (b) ctx.axes('B', b, 1);
  const known = [x, ...states].find((f) => f.shape)?.shape;
  let batch: Dim = known ? (known[0] as Dim) : ctx.fresh(0);
  for (const f of [x, ...states]) if (f.shape) batch = ctx.requireEqual('the batch', batch, f.shape[0] as Dim);
  for (const f of states) if (f.shape) ctx.requireEqual('the hidden size of a state', f.shape[1] as Dim, n);
  if (x.shape && w.shape) ctx.requireEqual('the size of X and that of W', x.shape[1] as Dim, w.shape[1] as Dim);
  if (w.shape) ctx.requireEqual('the rows of W', w.shape[0] as Dim, mul(cell.gates, n));
  if (r.shape) ctx.requireEqual('the rows of R', r.shape[0] as Dim, mul(cell.gates, n));
  if (b?.shape) ctx.requireEqual('the bias', b.shape[0] as Dim, mul(cell.biases, n));
  return [batch, n];
}

/** Rows of W (or R) of one direction times a vector, from row `first` on. */
function product(
  weights: ArrayLike<number>,
  offset: number,
  columns: number,
  first: number,
  rows: number,
  x: ArrayLike<number>,
): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => {
    const at = offset + (first + i) * columns;
    let sum = 0;
    for (let k = 0; k < columns; k++) sum += (weights[at + k] as number) * (x[k] as number);
    return sum;
  });
}

/** One step of one row; `direction` chooses the weights. */
function stepRow(
  cell: Cell,
  v: RecurrentValues,
  x: ArrayLike<number>,
  states: readonly Float64Array[],
  w: NdArray,
  r: NdArray,
  b: NdArray | undefined,
  direction: number,
): readonly Float64Array[] {
  const n = v.hidden_size;
  const size = x.length;
  const input = product(w.data as Float32Array, direction * cell.gates * n * size, size, 0, cell.gates * n, x);
  const sum = Float64Array.from(
    { length: cell.biases * n },
    (_, i) => (input[i] ?? 0) + (b ? Number(b.data[direction * cell.biases * n + i]) : 0),
  );
  const recur = (gate: number, h: Float64Array): Float64Array =>
    product(r.data as Float32Array, direction * cell.gates * n * n, n, gate * n, n, h);
  return cell.step(v, sum, states, recur);
}

/** A cell on whole arrays. */
export function evaluateCell(
  cell: Cell,
  v: RecurrentValues,
  x: NdArray,
  states: readonly NdArray[],
  w: NdArray,
  r: NdArray,
  b: NdArray | undefined,
): NdArray[] {
  const [batch, size] = x.shape as [number, number];
  const n = v.hidden_size;
  const out = states.map((s) => zeros(x.type, [batch, s.shape[1] as number]));
  for (let row = 0; row < batch; row++) {
    const old = states.map((s) => Float64Array.from({ length: n }, (_, i) => Number(s.data[row * n + i])));
    stepRow(cell, v, (x.data as Float32Array).subarray(row * size, (row + 1) * size), old, w, r, b, 0).forEach((s, k) => {
      for (let i = 0; i < n; i++) ((out[k] as NdArray).data as Float32Array)[row * n + i] = s[i] as number;
    });
  }
  return out;
}

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

/** Attributes of every sequence. */
export type Direction = 'forward' | 'reverse' | 'bidirectional';
const directionsOf = (d: Direction): readonly boolean[] => (d === 'bidirectional' ? [false, true] : [d === 'reverse']);

/** Shapes of Y [batch, directions, length, hidden] and of the last states [batch, directions, hidden]. */
export function inferSequence(
  ctx: Infer,
  cell: Cell,
  v: RecurrentValues,
  direction: Direction,
  x: Fact,
  states: readonly Fact[],
  lengths: Fact,
  w: Fact,
): readonly [Shape, Shape] {
  const n = v.hidden_size;
  const directions = directionsOf(direction).length;
  for (const [what, f] of [['X', x], ['W', w], ...states.map((s) => ['a state', s] as const)] as const) ctx.axes(what, f, 3);
  ctx.axes('the lengths', lengths, 1);
  const rows = [x, ...states, lengths].flatMap((f) => (f.shape?.[0] === undefined ? [] : [f.shape[0]]));
  const batch = rows.length === 0 ? ctx.fresh(0) : rows.reduce((a, b) => ctx.requireEqual('the batch', a, b));
  for (const f of states) if (f.shape) ctx.requireEqual('the directions of a state', f.shape[1] as Dim, directions);
  if (w.shape) ctx.requireEqual('the directions of W', w.shape[0] as Dim, directions);
  if (w.shape) ctx.requireEqual('the rows of W', w.shape[1] as Dim, mul(cell.gates, n));
  if (w.shape && x.shape) ctx.requireEqual('the size of X and that of W', x.shape[2] as Dim, w.shape[2] as Dim);
  const length = x.shape ? (x.shape[1] as Dim) : ctx.fresh(2);
  return [
    [batch, directions, length, n],
    [batch, directions, n],
  ];
}

/** A sequence on whole arrays: places behind a row's length give 0 and leave its state; the reverse direction starts at a row's last place. */
export function evaluateSequence(
  cell: Cell,
  v: RecurrentValues,
  direction: Direction,
  x: NdArray,
  states: readonly NdArray[],
  lengths: NdArray,
  w: NdArray,
  r: NdArray,
  b: NdArray | undefined,
): NdArray[] {
  const [batch, length, size] = x.shape as [number, number, number];
  const n = v.hidden_size;
  const reversed = directionsOf(direction);
  const count = reversed.length;
  const y = zeros(x.type, [batch, count, length, n]);
  const last = states.map(() => zeros(x.type, [batch, count, n]));
  const each = numbersOf(lengths);
  for (let row = 0; row < batch; row++) {
    const steps = Math.min(length, each[row] as number);
    reversed.forEach((backwards, d) => {
      let now: readonly Float64Array[] = states.map((s) =>
        Float64Array.from({ length: n }, (_, i) => Number(s.data[(row * count + d) * n + i])),
      );
      for (let t = 0; t < steps; t++) {
        const p = backwards ? steps - 1 - t : t;
        const at = (row * length + p) * size;
        now = stepRow(cell, v, (x.data as Float32Array).subarray(at, at + size), now, w, r, b, d);
        (now[0] as Float64Array).forEach((value, i) => {
          (y.data as Float32Array)[((row * count + d) * length + p) * n + i] = value;
        });
      }
      now.forEach((s, k) => {
        s.forEach((value, i) => {
          ((last[k] as NdArray).data as Float32Array)[(row * count + d) * n + i] = value;
        });
      });
    });
  }
  return [y, ...last];
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
    const first = states.map((s) => at(s, d, 1));
    const [y, ...last] =
      typeof length === 'number' && length <= unrolledSteps && length > 0
        ? chain(g, cell, v, sums, mask, first, at(r, d, 0), length, backwards && full)
        : iterated(g, cell, v, sums, mask, first, at(r, d, 0), backwards && full);
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

/** One step: Y and the new states; behind a row's length 0 and the old states. */
function step(
  g: Builder,
  cell: Cell,
  v: RecurrentValues,
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

function chain(
  g: Builder,
  cell: Cell,
  v: RecurrentValues,
  sums: Value,
  mask: Value | undefined,
  first: readonly Value[],
  r: Value,
  length: number,
  backwards: boolean,
): readonly Value[] {
  const cut = (x: Value): readonly Value[] =>
    g.split(x, g.constant('i64', [], [1]), { num_splits: length }).map((p) => g.squeeze(p, g.ints([1]), {}));
  const inputs = cut(sums);
  const masks = mask && cut(mask);
  const ys = new Array<Value>(length);
  let states = first;
  for (let t = 0; t < length; t++) {
    const p = backwards ? length - 1 - t : t;
    const [y, next] = step(g, cell, v, inputs[p] as Value, masks?.[p], states, r);
    ys[p] = g.unsqueeze(y, g.ints([1]), {});
    states = next;
  }
  return [ys.length === 1 ? (ys[0] as Value) : g.concat(ys, { axis: 1 }), ...states];
}

function iterated(
  g: Builder,
  cell: Cell,
  v: RecurrentValues,
  sums: Value,
  mask: Value | undefined,
  first: readonly Value[],
  r: Value,
  backwards: boolean,
): readonly Value[] {
  const body = g.body();
  const { type } = sums.fact;
  const x = body.parameter(type, '?,1,?', 'x');
  const states = first.map((_, k) => body.parameter(type, '?,?', `state${k}`));
  const weights = body.parameter(type, '?,?', 'r');
  const m = mask && body.parameter('boolean', '?,1,1', 'mask');
  const flat = (value: Value): Value => body.squeeze(value, body.ints([1]), {});
  const [y, next] = step(body, cell, v, flat(x), m && flat(m), states, weights);
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
