/** Linear attention's memory: a state [batch, heads, d_k, d_v] that every step of a sequence writes and reads. */
import { builder, Model, type Builder, type PortMapping, type Value } from '@cuvee/core';
import { dimOf, f32, sizesOf, sliced, times, upTo } from './build.js';
import { repeatedHeads } from './heads.js';
import { dropUnread } from './unread.js';

/** What the steps read, all [batch, heads, length, size] in f32: queries, keys, values, factors of the state, rates of writing. */
export interface Linear {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly gates: Value | undefined;
  readonly rates: Value | undefined;
}

/** What is read after each step [batch, query heads, length, d_v], and the last state. */
export interface Remembered {
  readonly read: Value;
  readonly state: Value;
}

/** One step, of length 1: S ← e^g S + k ⊗ (v or β (v - Sᵀ k)), read Sᵀ q. Each state serves `shared` query heads. */
function step(g: Builder, { q, k, v, gates, rates }: Linear, state: Value | undefined, shared: number): Remembered {
  const column = (x: Value): Value => g.transpose(x, g.ints([0, 1, 3, 2]));
  const kept = state && gates ? g.multiply(state, column(gates)) : state;
  const news = rates ? g.multiply(rates, kept ? g.subtract(v, times(g, k, kept)) : v) : v;
  const written = times(g, column(k), news);
  const next = kept ? g.add(kept, written) : written;
  return { read: times(g, q, repeatedHeads(g, next, shared)), state: next };
}

/** Sequences of known length up to this many steps are written out; longer ones become a TensorIterator. */
const unrolledSteps = 8;

/** All steps of a sequence, from a state or from nothing. */
export function remembered(g: Builder, linear: Linear, first: Value | undefined, shared: number): Remembered {
  const steps = dimOf(linear.k, 2);
  return steps !== undefined && steps > 0 && steps <= unrolledSteps
    ? unrolled(g, linear, first, shared, steps)
    : iterated(g, linear, first ?? empty(g, linear), shared);
}

const mapped = ({ q, k, v, gates, rates }: Linear, each: (x: Value) => Value): Linear => ({
  q: each(q),
  k: each(k),
  v: each(v),
  gates: gates && each(gates),
  rates: rates && each(rates),
});

function unrolled(g: Builder, linear: Linear, first: Value | undefined, shared: number, steps: number): Remembered {
  let state = first;
  const read = upTo(steps).map((at) => {
    const now = step(g, steps === 1 ? linear : mapped(linear, (x) => sliced(g, x, 2, at, at + 1)), state, shared);
    state = now.state;
    return now.read;
  });
  return { read: read.length === 1 ? (read[0] as Value) : g.concat(read, { axis: 2 }), state: state as Value };
}

/** A state of zeros. */
const empty = (g: Builder, { k, v }: Linear): Value =>
  g.broadcast(f32(g, 0), g.concat([sizesOf(g, k, [0, 1, 3]), sizesOf(g, v, [3])], { axis: 0 }), undefined, { mode: 'numpy' });

function iterated(g: Builder, linear: Linear, first: Value, shared: number): Remembered {
  const body = builder();
  const sources: Value[] = [];
  const parameters: Value[] = [];
  const dims = (x: Value): (number | string)[] => upTo(4).map((axis) => dimOf(x, axis) ?? '?');
  const parts = mapped(linear, (x) => {
    sources.push(x);
    const parameter = body.parameter('f32', dims(x).with(2, 1));
    parameters.push(parameter);
    return parameter;
  });
  const state = body.parameter('f32', dims(first));
  const { read, state: next } = step(body, parts, state, shared);
  const results = [body.result(read), body.result(next)];
  const model = new Model({ name: 'memory', parameters: [...parameters, state].map((p) => p.node), results, scope: body.scope });
  dropUnread(model);
  const walk = { axis: 2, start: 0, end: -1, stride: 1, partSize: 1 } as const;
  const last = sources.length;
  const inputs: PortMapping[] = [
    ...sources.map((_, i): PortMapping => ({ external: i, internal: i, ...walk })),
    { external: last, internal: last, backEdge: 1 },
  ];
  const outputs: PortMapping[] = [
    { external: 0, internal: 0, ...walk },
    { external: 1, internal: 1 },
  ];
  const [y, end] = g.tensorIterator([...sources, first], { body: model, inputs, outputs }) as readonly [Value, Value];
  return { read: y, state: end };
}
