/** Runs a recurrent cell over time: one TensorIterator for each direction, or the cell alone for a single step. */
import { builder, Model, type Builder, type PortMapping, type Value } from '@cuvee/core';
import { dimOf, like, sizesOf, sliced, type AnyNode } from './build.js';
import { activationNamed } from './activations.js';
import { dropUnread } from './unread.js';

/** One step: the input's part [batch, gates · hidden] and the states [batch, hidden] give the next states; the first is the output. */
export type Cell = (g: Builder, x: Value, states: readonly Value[], weights: readonly Value[]) => readonly Value[];

/** What one direction of a layer is made of. */
export interface Direction {
  /** [time, batch, gates · hidden]: inputs times their weights, biases added */
  readonly x: Value;
  /** first states, [batch, hidden] */
  readonly states: readonly Value[];
  /** what the cell reads in every step */
  readonly weights: readonly Value[];
  readonly cell: Cell;
  readonly reverse: boolean;
  /** steps of each batch entry, [batch]; undefined: all */
  readonly lengths: Value | undefined;
}

const forwards = { axis: 0, start: 0, end: -1, stride: 1, partSize: 1 } as const;
const backwards = { axis: 0, start: -1, end: 0, stride: -1, partSize: 1 } as const;

/** The value in a body: a constant again, or a parameter. */
const inside = (g: Builder, value: Value, parameters: { outer: Value; inner: Value }[]): Value => {
  if (value.fact.value) return g.constant(value.fact.value);
  const inner = g.parameter(value.fact.type, dimsText(value));
  parameters.push({ outer: value, inner });
  return inner;
};

const dimsText = (value: Value): string | (number | string)[] => value.fact.shape?.map((d) => (typeof d === 'number' ? d : '?')) ?? '...';

/** Outputs [time, batch, hidden] in time's order, and the last states. Places beyond a length are 0. */
export function recur(
  node: AnyNode,
  { x, states, weights, cell, reverse, lengths: given }: Direction,
): { readonly y: Value; readonly last: readonly Value[] } {
  const { g } = node;
  // one length for each entry of the batch: the bodies' sizes agree beforehand
  const lengths = given && g.reshape(given, sizesOf(g, x, [1]), { special_zero: false });
  if (dimOf(x, 0) === 1 && !lengths) {
    const next = cell(g, g.squeeze(x, g.ints([0])), states, weights);
    return { y: g.unsqueeze(next[0] as Value, g.ints([0])), last: next };
  }
  // with lengths, a reversed direction starts at each entry's own end
  const turned = reverse && lengths !== undefined;
  const flip = (value: Value): Value => g.reverseSequence(value, lengths as Value, { batch_axis: 1, seq_axis: 0 });
  const walk = reverse && !turned ? backwards : forwards;
  const b = builder();
  const source = turned ? flip(x) : x;
  const part = b.parameter(x.fact.type, [1, ...(x.fact.shape ?? []).slice(1).map((d) => (typeof d === 'number' ? d : '?'))]);
  const own = states.map((state) => b.parameter(state.fact.type, dimsText(state)));
  const shared: { outer: Value; inner: Value }[] = [];
  const fixed = weights.map((weight) => inside(b, weight, shared));
  let next = cell(b, b.squeeze(part, b.ints([0])), own, fixed);
  let output = next[0] as Value;
  let time: { outer: Value; inner: Value } | undefined;
  if (lengths) {
    const steps = g.range(g.constant('i64', [], [0]), g.squeeze(sizesOf(g, x, [0]), g.ints([0])), g.constant('i64', [], [1]), {
      output_type: 'i64',
    });
    time = { outer: steps, inner: b.parameter('i64', [1]) };
    const running = b.unsqueeze(b.less(time.inner, b.cast(inside(b, lengths, shared), 'i64')), b.ints([1]));
    const computed = next;
    next = computed.map((value, i) => b.select(running, value, own[i] as Value));
    output = b.select(running, computed[0] as Value, like(b, output, 0));
  }
  const parameters = [part, ...(time ? [time.inner] : []), ...own, ...shared.map(({ inner }) => inner)];
  const results = [b.unsqueeze(output, b.ints([0])), ...next].map((value) => b.result(value));
  const body = new Model({ name: `${node.op} step`, parameters: parameters.map((p) => p.node), results, scope: b.scope });
  dropUnread(body);
  const first = time ? 2 : 1;
  const inputs: PortMapping[] = [
    { external: 0, internal: 0, ...walk },
    ...(time ? [{ external: 1, internal: 1, ...forwards }] : []),
    ...states.map((_, i): PortMapping => ({ external: first + i, internal: first + i, backEdge: 1 + i })),
    ...shared.map((_, i): PortMapping => ({ external: first + states.length + i, internal: first + states.length + i })),
  ];
  const outputs: PortMapping[] = [
    { external: 0, internal: 0, ...walk },
    ...states.map((_, i): PortMapping => ({ external: 1 + i, internal: 1 + i })),
  ];
  const [y, ...last] = g.tensorIterator([source, ...(time ? [time.outer] : []), ...states, ...shared.map(({ outer }) => outer)], {
    body,
    inputs,
    outputs,
  }) as [Value, ...Value[]];
  return { y: turned ? flip(y) : y, last };
}

/** Part `d` of a tensor with one entry a direction, without that axis. */
export const ofDirection = (g: Builder, value: Value, d: number): Value => g.squeeze(sliced(g, value, 0, d, d + 1), g.ints([0]));

/** A function of one tensor. */
export type Activation = (g: Builder, x: Value) => Value;

/** The activations of each direction: named by the file, or `usual`. `activation_alpha` and `beta` are used up in order. */
export function activationsOf(node: AnyNode, usual: readonly string[], directions: number): readonly (readonly Activation[])[] {
  const { attr } = node;
  const names = attr.texts('activations', []);
  const all = names.length === 0 ? Array.from({ length: directions }, () => usual).flat() : names;
  if (all.length !== usual.length * directions)
    throw node.invalid(`there are ${all.length} activations, expected ${usual.length * directions}`);
  const alphas = [...attr.floats('activation_alpha', [])],
    betas = [...attr.floats('activation_beta', [])];
  const list = all.map((name): Activation => {
    const found = activationNamed(name);
    if (!found) throw node.invalid(`there is no activation ${JSON.stringify(name.slice(0, 40))}`);
    const alpha = found.constants.length > 0 ? (alphas.shift() ?? (found.constants[0] as number)) : 0;
    const beta = found.constants.length > 1 ? (betas.shift() ?? (found.constants[1] as number)) : 0;
    return (g, x) => found.apply(g, x, alpha, beta);
  });
  return Array.from({ length: directions }, (_, d) => list.slice(d * usual.length, (d + 1) * usual.length));
}
