/** Constants and tensors made from nothing but sizes. */
import { Literal, type Builder, type Value } from '@cuvee/core';
import type { NodeAttributes } from '../attributes.js';
import {
  axisOf,
  counting,
  dimOf,
  i64,
  like,
  numberOf,
  numbersOf,
  rankOf,
  scalarOf,
  shapeOf,
  sizeAt,
  sliced,
  unsqueezed,
  upTo,
  type AnyNode,
} from '../build.js';
import type { OnnxOp } from '../node.js';
import { lineOf } from '../tensor.js';

export const Identity: OnnxOp = ({ operands: [x], inputs: [y] }) => x ?? y;

/** What each of the value attributes says. */
const valueOf: Readonly<Record<string, (attr: NodeAttributes) => Literal>> = {
  value: (attr) => attr.tensor('value'),
  sparse_value: (attr) => attr.sparseTensor('sparse_value'),
  value_float: (attr) => Literal.from('f32', [], [attr.float('value_float')]),
  value_floats: (attr) => lineOf('f32', attr.floats('value_floats')),
  value_int: (attr) => Literal.from('i64', [], [attr.int('value_int')]),
  value_ints: (attr) => lineOf('i64', attr.ints('value_ints')),
  value_string: (attr) => Literal.from('string', [], [attr.text('value_string')]),
  value_strings: (attr) => lineOf('string', attr.texts('value_strings')),
};

/** Exactly one of the value attributes. */
export const Constant: OnnxOp<0> = ({ g, attr, invalid }) => {
  const kinds = attr.names.filter((name) => Object.hasOwn(valueOf, name));
  if (kinds.length !== 1) throw invalid(kinds.length === 0 ? 'there is no value' : `there are several values: ${kinds.join(', ')}`);
  return g.constant((valueOf[kinds[0] as string] as (attr: NodeAttributes) => Literal)(attr));
};

export const ConstantOfShape: OnnxOp = ({ g, inputs: [shape], attr, invalid }) => {
  const value = attr.has('value') ? attr.tensor('value') : Literal.from('f32', [1], [0]);
  if (value.size !== 1) throw invalid(`the value has ${value.size} elements, expected 1`);
  const scalar = Literal.of(value.type, [], value.storage);
  return numbersOf(shape)?.length === 0 ? g.constant(scalar) : g.broadcast(g.constant(scalar), shape, undefined, { mode: 'numpy' });
};

export const Shape: OnnxOp = (node) => {
  const { g, attr, version } = node;
  const [x] = node.inputs;
  const shape = shapeOf(g, x);
  if (version < 15 || (!attr.has('start') && !attr.has('end'))) return shape;
  const ends = [attr.int('start', 0), attr.int('end', Number.MAX_SAFE_INTEGER)] as const;
  return g.slice(shape, g.ints([ends[0]]), g.ints([ends[1]]), g.ints([1]), g.ints([0]));
};

export const Size: OnnxOp = ({ g, inputs: [x] }) => g.reduceProd(shapeOf(g, x), g.ints([0]), { keep_dims: false });

/** Scalars in, as 0-D or 1-element tensors. */
export const Range: OnnxOp<3> = ({ g, inputs: [start, limit, delta] }) => {
  const scalar = (x: Value): Value => (x.fact.shape?.length === 1 ? g.squeeze(x, g.ints([0])) : x);
  return g.range(scalar(start), scalar(limit), scalar(delta), { output_type: start.fact.type });
};

/** Indices outside [-depth, depth) give a row of off values. */
export const OneHot: OnnxOp<3> = (node) => {
  const { g, attr } = node;
  const [indices, depth, values] = node.inputs;
  const scalar = (x: Value): Value => scalarOf(g, x);
  const places = g.cast(indices, 'i64'),
    count = g.cast(scalar(depth), 'i64');
  const zero = i64(g, 0);
  // the room leaves negative indices to counting from the end only in its newest version
  const positive = g.select(g.less(places, zero), g.add(places, count), places);
  const at = (i: number): Value => g.gather(values, i64(g, i), zero);
  return g.oneHot(positive, count, at(1), at(0), { axis: attr.int('axis', -1) });
};

/** Ones on the k-th diagonal of a matrix with the input's shape. */
export const EyeLike: OnnxOp = (node) => {
  const { g, attr } = node;
  const [x] = node.inputs;
  if (rankOf(node, x) !== 2) throw node.invalid('the input must be a matrix');
  const rows = g.add(unsqueezed(g, counting(g, sizeAt(g, x, 0)), [1]), i64(g, attr.int('k', 0)));
  const columns = unsqueezed(g, counting(g, sizeAt(g, x, 1)), [0]);
  return g.cast(g.equal(rows, columns), attr.elementType('dtype', x.fact.type));
};

/** Keeps the triangle on and above (or below) the k-th diagonal. */
export const Trilu: OnnxOp = (node) => {
  const { g, attr } = node;
  const [x, k] = node.inputs;
  const rank = rankOf(node, x);
  if (rank < 2) throw node.invalid('the input must have at least two axes');
  const rows = g.add(unsqueezed(g, counting(g, sizeAt(g, x, rank - 2)), [1]), k ? scalarOf(g, k) : i64(g, 0));
  const columns = unsqueezed(g, counting(g, sizeAt(g, x, rank - 1)), [0]);
  const keep = attr.bool('upper', true) ? g.lessEqual(rows, columns) : g.greaterEqual(rows, columns);
  return g.select(keep, x, x.fact.type === 'boolean' ? g.constant('boolean', [], [false]) : like(g, x, 0));
};

/** The elements whose condition is true, along an axis or of the flattened tensor. */
export const Compress: OnnxOp<2> = (node) => {
  const { g, attr } = node;
  const [x, condition] = node.inputs;
  const places = g.squeeze(g.nonZero(condition, { output_type: 'i64' }), g.ints([0]));
  const zero = i64(g, 0);
  if (!attr.has('axis')) return g.gather(g.reshape(x, g.ints([-1]), { special_zero: false }), places, zero);
  return g.gather(x, places, i64(g, axisOf(node, attr.int('axis'), rankOf(node, x))));
};

export const NonZero: OnnxOp = ({ g, inputs: [x] }) => g.nonZero(x, { output_type: 'i64' });

/** Values, first places, places in the values, counts; sorted or by first appearance. */
export const Unique: OnnxOp = (node) => {
  const { g, attr } = node;
  const [x] = node.inputs;
  const axis = attr.has('axis') ? i64(g, axisOf(node, attr.int('axis'), rankOf(node, x))) : undefined;
  const all = g.unique(x, axis, { sorted: attr.bool('sorted', true), index_element_type: 'i64', count_element_type: 'i64' });
  return all.map((value, i) => (i === 0 || node.wants(i) ? value : undefined));
};

/** Running sums along one axis. */
export const CumSum: OnnxOp<2> = ({ g, inputs: [x, axis], attr }) => {
  const scalar = scalarOf(g, axis);
  return g.cumSum(x, scalar, { exclusive: attr.bool('exclusive'), reverse: attr.bool('reverse') });
};

/** Running products; an axis that only the run tells is moved to the end and back. */
export const CumProd: OnnxOp<2> = (node) => {
  const { g } = node;
  const [x, axis] = node.inputs;
  const [known, rank] = [numberOf(axis), rankOf(node, x)];
  if (known !== undefined) return runningProduct(node, x, axisOf(node, known, rank), dimOf(x, axisOf(node, known, rank)));
  const { there, back } = lastOrders(g, scalarOf(g, axis), rank);
  const longest = Math.max(...upTo(rank).map((i) => dimOf(x, i) ?? Number.NaN));
  return g.transpose(runningProduct(node, g.transpose(x, there), rank - 1, longest), back);
};

/** log₂ n steps of multiplying with the tensor shifted by 1, 2, 4 … places. */
function runningProduct(node: AnyNode, x: Value, axis: number, size: number | undefined): Value {
  const { g, attr } = node;
  if (size === undefined || !(size <= 2 ** 40)) throw node.unsupported('an axis whose size only the run tells');
  const reverse = attr.bool('reverse');
  const shifted = (value: Value, by: number): Value => {
    const edge = (n: number): Value => g.ints(upTo(rankOf(node, x)).map((i) => (i === axis ? n : 0)));
    const [begin, end] = reverse ? [0, by] : [by, 0];
    const padded = g.pad(value, edge(begin), edge(end), like(g, value, 1), { pad_mode: 'constant' });
    return reverse ? sliced(g, padded, axis, by, Number.MAX_SAFE_INTEGER) : sliced(g, padded, axis, 0, -by);
  };
  let product = attr.bool('exclusive') ? shifted(x, 1) : x;
  for (let step = 1; step < size; step *= 2) product = g.multiply(product, shifted(product, step));
  return product;
}

/** The orders that move an axis to the end and back; the axis is a scalar that only the run tells. */
function lastOrders(g: Builder, axis: Value, rank: number): { readonly there: Value; readonly back: Value } {
  const wide = g.cast(axis, 'i64');
  const from = g.select(g.less(wide, i64(g, 0)), g.add(wide, i64(g, rank)), wide);
  const lines = g.ints(upTo(rank)),
    last = i64(g, rank - 1);
  const after = g.cast(g.greaterEqual(lines, from), 'i64'),
    beyond = g.cast(g.greater(lines, from), 'i64');
  return {
    there: g.select(g.equal(lines, last), from, g.add(lines, after)),
    back: g.select(g.equal(lines, from), last, g.subtract(lines, beyond)),
  };
}
