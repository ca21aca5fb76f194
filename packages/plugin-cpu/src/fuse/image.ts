/**
 * @file Preprocessing of a picture of bytes or floats (conversion, mean and scale, order of channels, layout) as one operation.
 * Convolutions of few channels then read the picture themselves.
 */
import { applyPatch, builder, isInteger, normalizeAxis, numbersOf, type Literal, type Model, type Node, type Value } from '@cuvee/core';
import { Image, mostPlanes } from '../ops/image.js';
import { instructionOf } from '../ops/elementwise.js';
import { plainConvolutions } from '../ops/fused.js';
import { names } from '../ops/names.js';

/** What is known of a value: each of its channels is a channel of `picture`, plus pre, times scale, plus shift. */
interface Planes {
  readonly picture: Value;
  /** The picture's axis of channels. */
  readonly axis: 1 | 3;
  readonly channels: readonly number[];
  readonly pre: readonly number[];
  readonly scale: readonly number[];
  readonly shift: readonly number[];
  /** The nodes between. */
  readonly nodes: readonly Node[];
}

/** The value as planes of a picture of bytes or floats; undefined when it is none. `axis`: which axis its channels are to be. */
function planesOf(value: Value, axis: 1 | 3): Planes | undefined {
  const count = value.fact.shape?.[axis];
  if (value.fact.shape?.length !== 4 || typeof count !== 'number' || count < 1 || count > mostChannels) return undefined;
  const { node } = value;
  const { name } = node.op;
  const inner = node.inputs[0];
  // Another reader of a value on the way would need it as it is.
  const through = (v: Value | undefined, at: 1 | 3 = axis): Planes | undefined =>
    v && (v.users.size === 1 ? planesOf(v, at) : itself(v, at));
  if (value.fact.type !== 'u8' && value.fact.type !== 'f32') return undefined;
  if (name === names.conversion && inner?.fact.type === 'u8') return withNode(through(inner), node);
  if (name === names.transpose) {
    const order = constants(node.inputs[1])?.join();
    const from = order === '0,3,1,2' && axis === 1 ? 3 : order === '0,2,3,1' && axis === 3 ? 1 : undefined;
    if (from) return withNode(through(inner, from), node);
  }
  if (name === names.gather || name === names.slice) return chosen(node, through(inner), axis) ?? itself(value, axis);
  return scaled(node, axis, count, through) || itself(value, axis);
}

/** More channels than that are no picture. */
const mostChannels = 1024;

/** A value as it is. */
function itself(picture: Value, axis: 1 | 3): Planes | undefined {
  const count = picture.fact.shape?.[axis];
  if (picture.fact.shape?.length !== 4 || typeof count !== 'number' || count < 1 || count > mostChannels || picture.fact.value)
    return undefined;
  if (picture.fact.type !== 'u8' && picture.fact.type !== 'f32') return undefined;
  return unchanged(picture, axis, count);
}

const unchanged = (picture: Value, axis: 1 | 3, count: number): Planes => ({
  picture,
  axis,
  channels: Array.from({ length: count }, (_, c) => c),
  pre: new Array<number>(count).fill(0),
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
  const wanted = node.op.name === names.gather ? gathered(node, axis) : sliced(node, axis, count);
  const places = wanted?.map((i) => (i < 0 ? i + count : i));
  if (!planes || !places?.every((i) => i >= 0 && i < count)) return undefined;
  const pick = (list: readonly number[]): number[] => places.map((i) => list[i] as number);
  const { channels, pre, scale, shift } = planes;
  return withNode({ ...planes, channels: pick(channels), pre: pick(pre), scale: pick(scale), shift: pick(shift) }, node);
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
  const opcode = instructionOf(node)?.instruction.opcode;
  if (opcode !== 'add' && opcode !== 'sub' && opcode !== 'mul' && opcode !== 'div') return undefined;
  const [a, b] = node.inputs;
  const commutes = opcode === 'add' || opcode === 'mul';
  const [x, c] = b?.fact.value || !commutes ? [a, b] : [b, a];
  const by = c?.fact.value && perChannel(c.fact.value, axis, count);
  const planes = by && through(x);
  if (!planes || x?.fact.shape?.length !== 4) return undefined;
  const each = (list: readonly number[], fn: (v: number, by: number) => number): number[] => list.map((v, i) => fn(v, by[i] as number));
  const { pre, scale, shift } = planes;
  const linear = opcode === 'mul' ? (v: number, k: number) => v * k : opcode === 'div' ? (v: number, k: number) => v / k : undefined;
  if (linear) return withNode({ ...planes, scale: each(scale, linear), shift: each(shift, linear) }, node);
  const added = (list: readonly number[]): number[] => each(list, opcode === 'add' ? (v, k) => v + k : (v, k) => v - k);
  // What is added first stays so: with large numbers the sum of products would lose what the difference keeps.
  const first = pre.every((v) => v === 0) && scale.every((v) => v === 1) && shift.every((v) => v === 0);
  return withNode({ ...planes, ...(first ? { pre: added(pre) } : { shift: added(shift) }) }, node);
}

function perChannel(literal: Literal, axis: number, count: number): readonly number[] | undefined {
  if (literal.type !== 'f32' || literal.shape.length > 4 || (literal.size !== 1 && literal.size !== count)) return undefined;
  const values = numbersOf(literal.nd());
  if (!values.every(Number.isFinite)) return undefined;
  if (literal.size === 1) return new Array<number>(count).fill(values[0] as number);
  return literal.shape[axis - 4 + literal.shape.length] === count ? values : undefined;
}

/** Whether a convolution reads it, or the one operation spares a pass over memory. */
const pays = (value: Value, { nodes, picture }: Planes): boolean =>
  [...value.users].every((n) => plainConvolutions.includes(n.op.name) && n.inputs[0] === value) ||
  (nodes.length > 1 && (picture.fact.type === 'u8' || nodes.some((n) => n.op.name === names.transpose)));

/** Replaces the preprocessing of each picture by one Image. */
export function fuseImages(model: Model): number {
  const taken = new Set<Node>();
  const g = builder(model.scope);
  let count = 0;
  for (const node of [...model.nodes()].reverse()) {
    if (taken.has(node) || node.outputs.length !== 1) continue;
    const { type, shape } = node.output.fact;
    if (type !== 'f32' || !(Number(shape?.[1]) <= mostPlanes) || node.output.users.size === 0) continue;
    const planes = planesOf(node.output, 1);
    if (!planes || planes.channels.length > mostPlanes || planes.nodes.length === 0 || !pays(node.output, planes)) continue;
    for (const n of planes.nodes) taken.add(n);
    const planar = planes.axis === 1;
    const { channels, pre, scale, shift } = planes;
    const origin = [...new Set(planes.nodes.flatMap((n) => n.origin))];
    const [image] = g.node(Image, [planes.picture], { planar, channels, pre, scale, shift }, { name: node.name, origin }) as [Value];
    applyPatch(model, [[node.output, image]], 'preprocessing of a picture');
    count++;
  }
  return count;
}
