/** Small compositions that many operators share. */
import { CuveeError, isFloat, isInteger, Literal, type Builder, type ElementType, type Value } from '@cuvee/core';
import { toNumber } from './checked.js';
import type { OnnxNode } from './node.js';

/** What the helpers need of a node of any arity. */
export type AnyNode = Pick<OnnxNode<0>, 'g' | 'attr' | 'inputs' | 'version' | 'op' | 'invalid' | 'unsupported'>;

/** A value's rank. Throws MODEL_UNSUPPORTED when it is unknown: the composition depends on it. */
export function rankOf(node: Pick<AnyNode, 'unsupported'>, value: Value): number {
  const { shape } = value.fact;
  if (!shape) throw node.unsupported('the rank of an input is unknown');
  return shape.length;
}

/** The size of one axis where it is a number; undefined where only the run tells. */
export function dimOf(value: Value, axis: number): number | undefined {
  const { shape } = value.fact;
  const dim = shape?.[axis < 0 ? axis + shape.length : axis];
  return typeof dim === 'number' ? dim : undefined;
}

/** An axis counted from the front. Throws MODEL_INVALID when it lies outside `rank`. */
export function axisOf(node: Pick<AnyNode, 'invalid'>, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= Math.max(rank, 1)) throw node.invalid(`axis ${axis} lies outside rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
}

/** All elements as numbers, where they are known while translating (the largest safe integer stands for anything beyond). */
export function numbersOf(value: Value | undefined): readonly number[] | undefined {
  if (!value) return undefined;
  const { fact } = value;
  if (fact.value && fact.value.size > 65_536) return undefined; // no list of axes, sizes or pads is that long
  if (fact.value && fact.type !== 'string')
    return Array.from(fact.value.nd().data as ArrayLike<number | bigint>, (x) => (typeof x === 'bigint' ? toNumber(x) : Number(x)));
  return fact.elements?.every((e) => typeof e === 'number') ? (fact.elements as readonly number[]) : undefined;
}

/** The only element as a number, where it is known while translating. */
export function numberOf(value: Value | undefined): number | undefined {
  const all = numbersOf(value);
  return all?.length === 1 ? all[0] : undefined;
}

/** The numbers of an input that this translation must know. Throws MODEL_UNSUPPORTED when only the run tells. */
export function constantNumbers(node: Pick<AnyNode, 'unsupported'>, value: Value | undefined, what: string): readonly number[] {
  const all = numbersOf(value);
  if (!all) throw node.unsupported(`${what} must be constant`);
  return all;
}

/** Lengths of `count` parts of a size: all `part` long as far as it reaches. */
export const partsOf = (size: number, part: number, count: number): number[] =>
  upTo(count).map((i) => Math.max(0, Math.min(part, size - i * part)));

/** An i64 scalar, and an f32 scalar. */
export const i64 = (g: Builder, n: number): Value => g.constant('i64', [], [n]);
export const f32 = (g: Builder, n: number): Value => g.constant('f32', [], [n]);

/** Place `i` of an axis, without the axis. */
export const picked = (g: Builder, x: Value, i: number, axis: number): Value => g.gather(x, i64(g, i), i64(g, axis));

/** 0, 1, … n - 1 as a 1-D i64 tensor; `n` is an i64 scalar. */
export const counting = (g: Builder, n: Value): Value => g.range(i64(g, 0), n, i64(g, 1), { output_type: 'i64' });

/** A B, and A Bᵀ. */
export const times = (g: Builder, a: Value, b: Value): Value => g.matMul(a, b, { transpose_a: false, transpose_b: false });
export const timesRows = (g: Builder, a: Value, b: Value): Value => g.matMul(a, b, { transpose_a: false, transpose_b: true });

/** 0, 1, … n - 1 */
export const upTo = (n: number, from = 0): number[] => Array.from({ length: Math.max(0, n - from) }, (_, i) => i + from);

/** The shape as a 1-D i64 tensor. */
export const shapeOf = (g: Builder, x: Value): Value => g.shapeOf(x, { output_type: 'i64' });

/** The sizes of some axes as a 1-D i64 tensor. */
export function sizesOf(g: Builder, x: Value, axes: readonly number[]): Value {
  return g.gather(shapeOf(g, x), g.ints(axes), g.constant('i64', [], [0]));
}

/** The size of one axis as an i64 scalar. */
export const sizeAt = (g: Builder, x: Value, axis: number): Value =>
  g.gather(shapeOf(g, x), g.constant('i64', [], [axis]), g.constant('i64', [], [0]));

/** The product of the sizes of some axes, as a 1-D tensor of one i64. */
export function productOfSizes(g: Builder, x: Value, axes: readonly number[]): Value {
  if (axes.length === 0) return g.ints([1]);
  if (axes.length === 1) return sizesOf(g, x, axes);
  return g.reduceProd(sizesOf(g, x, axes), g.ints([0]), { keep_dims: true });
}

/** Reshaped to sizes of which at most one is -1; 0 keeps the size at its place. A constant stays one, over the same bytes. */
export function reshaped(g: Builder, x: Value, pattern: readonly number[]): Value {
  const literal = x.node.op.name === 'Constant' ? x.fact.value : undefined;
  const shape = literal && filledPattern(literal, pattern);
  if (!literal || !shape) return g.reshape(x, g.ints(pattern), { special_zero: pattern.includes(0) });
  return g.constant(literal.source ? Literal.at(literal.type, shape, literal.source) : Literal.of(literal.type, shape, literal.storage));
}

/** A pattern with its -1 and 0 filled in; undefined when it does not fit the constant. */
function filledPattern({ shape, size }: Literal, pattern: readonly number[]): readonly number[] | undefined {
  const known = pattern.map((d, i) => (d === 0 ? (shape[i] ?? -2) : d));
  const rest = known.reduce((product, d) => (d === -1 ? product : product * d), 1);
  const filled = known.map((d) => (d === -1 ? size / rest : d));
  return filled.every((d) => Number.isSafeInteger(d) && d >= 0) && filled.reduce((a, b) => a * b, 1) === size ? filled : undefined;
}

/** Reshaped to a 1-D i64 tensor of sizes put together from parts: numbers, and 1-D tensors. */
export function reshapedTo(g: Builder, x: Value, parts: readonly (number | Value)[]): Value {
  if (parts.every((part) => typeof part === 'number')) return g.reshape(x, g.ints(parts as readonly number[]), { special_zero: false });
  return g.reshape(
    x,
    g.concat(
      parts.map((part) => (typeof part === 'number' ? g.ints([part]) : part)),
      { axis: 0 },
    ),
    { special_zero: false },
  );
}

/** [product of the sizes before `axis`, product of those from it on] */
export function flattened(g: Builder, x: Value, axis: number, rank: number): Value {
  if (axis === 0) return reshaped(g, x, [1, -1]);
  if (axis === 1) return reshaped(g, x, [0, -1]);
  if (axis === rank) return reshaped(g, x, [-1, 1]);
  return reshapedTo(g, x, [productOfSizes(g, x, upTo(axis)), -1]);
}

/** Transposed when the order is not the identity. */
export const transposed = (g: Builder, x: Value, order: readonly number[]): Value =>
  order.every((axis, i) => axis === i) ? x : g.transpose(x, g.ints(order));

/** [N, …, C] as [N, C, …], and back. */
export function channelsFirst(node: AnyNode, x: Value): Value {
  const rank = rankOf(node, x);
  return node.g.transpose(x, node.g.ints([0, rank - 1, ...upTo(rank - 1, 1)]));
}
export const channelsLast = (g: Builder, x: Value, rank: number): Value => g.transpose(x, g.ints([0, ...upTo(rank, 2), 1]));

/** With axes of size 1 appended or put in front. */
export const unsqueezed = (g: Builder, x: Value, axes: readonly number[]): Value => (axes.length === 0 ? x : g.unsqueeze(x, g.ints(axes)));

/** x[begin:end] along one axis with step 1. */
export const sliced = (g: Builder, x: Value, axis: number, begin: number, end: number, step = 1): Value =>
  g.slice(x, g.ints([begin]), g.ints([end]), g.ints([step]), g.ints([axis]));

/** All axes of a value: constant when the rank is known. */
export function allAxes(g: Builder, x: Value): Value {
  const { shape } = x.fact;
  if (shape) return g.ints(upTo(shape.length));
  const rank = g.squeeze(g.shapeOf(g.shapeOf(x, { output_type: 'i64' }), { output_type: 'i64' }), g.ints([0]));
  return g.range(g.constant('i64', [], [0]), rank, g.constant('i64', [], [1]), { output_type: 'i64' });
}

/** Axes that were an attribute before opset `since` and are input 1 from then on; undefined when not given. */
export function axesOf(node: AnyNode, since: number): Value | undefined {
  if (node.version >= since) return node.inputs[1];
  return node.attr.has('axes') ? node.g.ints(node.attr.ints('axes')) : undefined;
}

/**
 * Broadcasting before opset 7: only with attribute `broadcast`, the second operand aligned at attribute `axis`, else at
 * the end. Afterwards NumPy's.
 */
export function broadcastOperand(node: AnyNode, a: Value, b: Value): Value {
  if (node.version >= 7 || !node.attr.bool('broadcast') || !node.attr.has('axis')) return b;
  const [ra, rb] = [rankOf(node, a), rankOf(node, b)];
  const axis = axisOf(node, node.attr.int('axis'), ra);
  if (axis + rb > ra) throw node.invalid(`an operand of rank ${rb} does not fit at axis ${axis} of rank ${ra}`);
  return unsqueezed(node.g, b, upTo(ra - axis, rb));
}

/** Applied from the left to two and more values. */
export const folded = (values: readonly Value[], join: (a: Value, b: Value) => Value): Value =>
  values.slice(1).reduce(join, values[0] as Value);

/** Inputs of a variadic operator, all there. */
export const allInputs = (node: Pick<AnyNode, 'inputs'>): readonly Value[] =>
  node.inputs.filter((value): value is Value => value !== undefined);

/** Computed in another type and converted back; in the value's own when it already is one of the types that `suits` names. */
export function computedAs(g: Builder, x: Value, type: ElementType, compute: (x: Value) => Value): Value {
  const own = x.fact.type;
  return own === type || own === 'dynamic' ? compute(x) : g.cast(compute(g.cast(x, type)), own);
}

/** An attribute list with one entry for each spatial axis. Throws MODEL_INVALID for another length or a small entry. */
export function spatialList(node: AnyNode, name: string, count: number, fallback: number, least: number): readonly number[] {
  if (count < 1) throw node.invalid('the input has no spatial axis');
  const list = node.attr.ints(name, new Array<number>(count).fill(fallback));
  if (list.length !== count) throw node.invalid(`attribute "${name}" has ${list.length} entries for ${count} axes`);
  if (list.some((n) => n < least || n > 0x7fffffff))
    throw node.invalid(`attribute "${name}" is [${list.join(',')}], each entry must be at least ${least}`);
  return list;
}

/** Whether a type counts as one of numbers for arithmetic. */
export const isNumeric = (type: ElementType): boolean => isFloat(type) || isInteger(type);

/** A constant of a value's type. Throws MODEL_INVALID where an integer type cannot hold it. */
export function like(g: Builder, x: Value, value: number): Value {
  if (isInteger(x.fact.type) && !Number.isInteger(value))
    throw new CuveeError('MODEL_INVALID', `a tensor of ${x.fact.type} cannot be combined with ${value}`);
  return g.scalar(value, x);
}

/** Without the given axes, each of size 1. */
export const squeezedAt = (g: Builder, x: Value, axes: readonly number[]): Value => (axes.length === 0 ? x : g.squeeze(x, g.ints(axes)));

/** As a 0-D tensor: what had one element keeps it. */
export const scalarOf = (g: Builder, x: Value): Value =>
  x.fact.shape?.length === 0 ? x : g.reshape(x, g.constant('i64', [0], []), { special_zero: false });

/** As a 1-D tensor. */
export const listOf = (g: Builder, x: Value): Value =>
  x.fact.shape?.length === 1 ? x : g.reshape(x, g.ints([-1]), { special_zero: false });
