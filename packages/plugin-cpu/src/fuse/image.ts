/**
 * @file Preprocessing of a picture of bytes (conversion, mean and scale, order of channels, layout) as one operation. Convolutions of
 * few channels then read the bytes themselves.
 */
import { applyPatch, builder, isInteger, normalizeAxis, numbersOf, type Literal, type Model, type Node, type Value } from '@cuvee/core';
import { Image, mostPlanes } from '../ops/image.js';

/** What is known of a value: each of its channels is a channel of `picture`, times scale, plus shift. */
interface Planes {
  readonly picture: Value;
  /** The picture's axis of channels. */
  readonly axis: 1 | 3;
  readonly channels: readonly number[];
  readonly scale: readonly number[];
  readonly shift: readonly number[];
  /** The nodes between. */
  readonly nodes: readonly Node[];
}

const moved = new Set(['Transpose', 'Gather', 'Slice']);
const affine = new Set(['Add', 'Subtract', 'Multiply', 'Divide']);

/** The value as planes of a picture of bytes; undefined when it is none. `axis`: which axis its channels are to be. */
function planesOf(value: Value, axis: 1 | 3): Planes | undefined {
  const count = value.fact.shape?.[axis];
  if (value.fact.shape?.length !== 4 || typeof count !== 'number' || count < 1) return undefined;
  const { node } = value;
  const { name } = node.op;
  const inner = node.inputs[0];
  // Another reader of a value on the way would need it as it is.
  const through = (v: Value | undefined, at: 1 | 3 = axis): Planes | undefined =>
    v && (v.users.size === 1 || v.fact.type === 'u8') ? planesOf(v, at) : undefined;
  if (value.fact.type === 'u8' && !(moved.has(name) && value.users.size === 1)) return pictureItself(value, axis, count);
  if (name === 'Convert' && inner?.fact.type === 'u8') return withNode(through(inner), node);
  if (name === 'Transpose') {
    const order = constants(node.inputs[1])?.join();
    const from = order === '0,3,1,2' && axis === 1 ? 3 : order === '0,2,3,1' && axis === 3 ? 1 : undefined;
    return from && withNode(through(inner, from), node);
  }
  if (name === 'Gather' || name === 'Slice') return chosen(node, through(inner), axis) ?? itself(value, axis, count);
  return affine.has(name) && value.fact.type === 'f32' ? scaled(node, axis, count, through) : undefined;
}

const itself = (value: Value, axis: 1 | 3, count: number): Planes | undefined =>
  value.fact.type === 'u8' ? pictureItself(value, axis, count) : undefined;

const pictureItself = (picture: Value, axis: 1 | 3, count: number): Planes => ({
  picture,
  axis,
  channels: Array.from({ length: count }, (_, c) => c),
  scale: new Array<number>(count).fill(1),
  shift: new Array<number>(count).fill(0),
  nodes: [],
});

const withNode = (planes: Planes | undefined, node: Node): Planes | undefined => planes && { ...planes, nodes: [...planes.nodes, node] };

const constants = (v: Value | undefined): readonly number[] | undefined => {
  const literal = v?.fact.value;
  return literal && isInteger(literal.type) ? numbersOf(literal.nd()) : undefined;
};

/** Channels chosen by constant indices, or by a range of step one. */
function chosen(node: Node, planes: Planes | undefined, axis: 1 | 3): Planes | undefined {
  const count = planes?.channels.length ?? 0;
  const wanted = node.op.name === 'Gather' ? gathered(node, axis) : sliced(node, axis, count);
  const places = wanted?.map((i) => (i < 0 ? i + count : i));
  if (!planes || !places?.every((i) => i >= 0 && i < count)) return undefined;
  const pick = (list: readonly number[]): number[] => places.map((i) => list[i] as number);
  const { channels, scale, shift } = planes;
  return withNode({ ...planes, channels: pick(channels), scale: pick(scale), shift: pick(shift) }, node);
}

function gathered(node: Node, axis: number): readonly number[] | undefined {
  const along = constants(node.inputs[2]);
  const one = along?.length === 1 && normalizeAxis(along[0] as number, 4) === axis && node.attributes.batch_dims === 0;
  return one && node.inputs[1]?.fact.shape?.length === 1 ? constants(node.inputs[1]) : undefined;
}

function sliced(node: Node, axis: number, count: number): readonly number[] | undefined {
  const [start, stop, step, along] = [1, 2, 3, 4].map((i) => constants(node.inputs[i]));
  if (start?.length !== 1 || stop?.length !== 1 || step?.join() !== '1' || along?.length !== 1) return undefined;
  if (normalizeAxis(along[0] as number, 4) !== axis) return undefined;
  const at = (n: number): number => Math.min(Math.max(n < 0 ? n + count : n, 0), count);
  const [from, to] = [at(start[0] as number), at(stop[0] as number)];
  return Array.from({ length: Math.max(to - from, 0) }, (_, i) => from + i);
}

/** x + c, x − c, x·c or x / c with a constant of one element, or of one a channel. */
function scaled(node: Node, axis: 1 | 3, count: number, through: (v: Value | undefined) => Planes | undefined): Planes | undefined {
  const { name } = node.op;
  const [a, b] = node.inputs;
  const commutes = name === 'Add' || name === 'Multiply';
  const [x, c] = b?.fact.value || !commutes ? [a, b] : [b, a];
  const by = c?.fact.value && perChannel(c.fact.value, axis, count);
  const planes = by && through(x);
  if (!planes || x?.fact.shape?.length !== 4) return undefined;
  const each = (list: readonly number[], fn: (v: number, by: number) => number): number[] => list.map((v, i) => fn(v, by[i] as number));
  const { scale, shift } = planes;
  const linear = name === 'Multiply' ? (v: number, k: number) => v * k : name === 'Divide' ? (v: number, k: number) => v / k : undefined;
  if (linear) return withNode({ ...planes, scale: each(scale, linear), shift: each(shift, linear) }, node);
  return withNode({ ...planes, shift: each(shift, name === 'Add' ? (v, k) => v + k : (v, k) => v - k) }, node);
}

function perChannel(literal: Literal, axis: number, count: number): readonly number[] | undefined {
  if (literal.type !== 'f32' || literal.shape.length > 4 || (literal.size !== 1 && literal.size !== count)) return undefined;
  const values = numbersOf(literal.nd());
  if (!values.every(Number.isFinite)) return undefined;
  if (literal.size === 1) return new Array<number>(count).fill(values[0] as number);
  return literal.shape[axis - 4 + literal.shape.length] === count ? values : undefined;
}

/** Whether the one operation does more than a conversion would, or spares a convolution's reading of floats. */
const pays = (value: Value, { nodes }: Planes): boolean =>
  nodes.length > 1 || [...value.users].every((n) => n.op.name.endsWith('Convolution') && n.inputs[0] === value);

/** Replaces the preprocessing of each picture of bytes by one Image. */
export function fuseImages(model: Model): number {
  const taken = new Set<Node>();
  const g = builder(model.scope);
  let count = 0;
  for (const node of [...model.nodes()].reverse()) {
    if (taken.has(node) || node.outputs.length !== 1 || node.output.fact.type !== 'f32' || node.output.users.size === 0) continue;
    const planes = planesOf(node.output, 1);
    if (!planes || planes.channels.length > mostPlanes || planes.nodes.length === 0 || !pays(node.output, planes)) continue;
    for (const n of planes.nodes) taken.add(n);
    const planar = planes.axis === 1;
    const { channels, scale, shift } = planes;
    const origin = [...new Set(planes.nodes.flatMap((n) => n.origin))];
    const [image] = g.node(Image, [planes.picture], { planar, channels, scale, shift }, { name: node.name, origin }) as [Value];
    applyPatch(model, [[node.output, image]], 'preprocessing of a picture');
    count++;
  }
  return count;
}
