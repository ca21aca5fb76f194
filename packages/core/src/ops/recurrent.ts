/**
 * @file What the recurrent rooms share: attributes, activations, and the three cells, on numbers and as graphs. Shapes are in
 * `recurrent-facts.ts`, whole arrays in `recurrent-evaluate.ts`, cells and sequences as graphs in `recurrent-graph.ts`.
 */
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { CuveeError } from '../errors.js';
import { float, floats, int, texts } from './attributes.js';

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

/** Which way a sequence is read. */
export type Direction = 'forward' | 'reverse' | 'bidirectional';

/** Whether each direction reads backwards. */
export const directionsOf = (d: Direction): readonly boolean[] => (d === 'bidirectional' ? [false, true] : [d === 'reverse']);
