/** Constants and tensors made from nothing but sizes. */
import { Literal, type Builder, type ElementType, type Value } from '@cuvee/core';
import { axisOf, dimOf, like, numberOf, numbersOf, rankOf, scalarOf, shapeOf, sizeAt, sliced, unsqueezed, upTo } from '../build.js';
import type { OnnxOp } from '../node.js';

export const Identity: OnnxOp = ({ operands: [x], inputs: [y] }) => x ?? y;

const values = ['value', 'sparse_value', 'value_float', 'value_floats', 'value_int', 'value_ints', 'value_string', 'value_strings'];
const isValue = (name: string): boolean => values.includes(name);

/** Exactly one of the value attributes. */
export const Constant: OnnxOp<0> = ({ g, attr, invalid }) => {
  const kinds = attr.names.filter(isValue);
  if (kinds.length !== 1) throw invalid(kinds.length === 0 ? 'there is no value' : `there are several values: ${kinds.join(', ')}`);
  switch (kinds[0]) {
    case 'value':
      return g.constant(attr.tensor('value'));
    case 'sparse_value':
      return g.constant(attr.sparseTensor('sparse_value'));
    case 'value_float':
      return g.constant('f32', [], [attr.float('value_float')]);
    case 'value_floats': {
      const x = attr.floats('value_floats');
      return g.constant('f32', [x.length], x);
    }
    case 'value_int':
      return g.constant('i64', [], [attr.int('value_int')]);
    case 'value_ints': {
      const x = attr.ints('value_ints');
      return g.constant('i64', [x.length], x);
    }
    case 'value_string':
      return g.constant(Literal.of('string', [], [attr.text('value_string')]));
    default: {
      const x = attr.texts('value_strings');
      return g.constant(Literal.of('string', [x.length], [...x]));
    }
  }
};

export const ConstantOfShape: OnnxOp = ({ g, inputs: [shape], attr, invalid }) => {
  const value = attr.has('value') ? attr.tensor('value') : Literal.from('f32', [1], [0]);
  if (value.size !== 1) throw invalid(`the value has ${value.size} elements, expected 1`);
  const scalar = Literal.of(value.type, [], value.storage);
  return numbersOf(shape)?.length === 0 ? g.constant(scalar) : g.broadcast(g.constant(scalar), shape, undefined, { mode: 'numpy' });
};

export const Shape: OnnxOp = (node) => {
  const {
    g,
    inputs: [x],
    attr,
    version,
  } = node;
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
  const {
    g,
    inputs: [indices, depth, values],
    attr,
  } = node;
  const scalar = (x: Value): Value => scalarOf(g, x);
  const places = g.cast(indices, 'i64'),
    count = g.cast(scalar(depth), 'i64');
  const zero = g.constant('i64', [], [0]);
  // the room leaves negative indices to counting from the end only in its newest version
  const positive = g.select(g.less(places, zero), g.add(places, count), places);
  const at = (i: number): Value => g.gather(values, g.constant('i64', [], [i]), zero);
  return g.oneHot(positive, count, at(1), at(0), { axis: attr.int('axis', -1) });
};

/** Ones on the k-th diagonal of a matrix with the input's shape. */
export const EyeLike: OnnxOp = (node) => {
  const {
    g,
    inputs: [x],
    attr,
  } = node;
  if (rankOf(node, x) !== 2) throw node.invalid('the input must be a matrix');
  const type: ElementType = attr.elementType('dtype', x.fact.type);
  const line = (axis: number): Value =>
    g.range(g.constant('i64', [], [0]), sizeAt(g, x, axis), g.constant('i64', [], [1]), { output_type: 'i64' });
  const rows = g.add(unsqueezed(g, line(0), [1]), g.constant('i64', [], [attr.int('k', 0)]));
  return g.cast(g.equal(rows, unsqueezed(g, line(1), [0])), type);
};

/** Keeps the triangle on and above (or below) the k-th diagonal. */
export const Trilu: OnnxOp = (node) => {
  const {
    g,
    inputs: [x, k],
    attr,
  } = node;
  const rank = rankOf(node, x);
  if (rank < 2) throw node.invalid('the input must have at least two axes');
  const line = (axis: number): Value =>
    g.range(g.constant('i64', [], [0]), sizeAt(g, x, axis), g.constant('i64', [], [1]), { output_type: 'i64' });
  const scalar = k ? scalarOf(g, k) : g.constant('i64', [], [0]);
  const rows = g.add(unsqueezed(g, line(rank - 2), [1]), scalar);
  const columns = unsqueezed(g, line(rank - 1), [0]);
  const keep = attr.bool('upper', true) ? g.lessEqual(rows, columns) : g.greaterEqual(rows, columns);
  const zero = x.fact.type === 'boolean' ? g.constant('boolean', [], [false]) : like(g, x, 0);
  return g.select(keep, x, zero);
};

/** The elements whose condition is true, along an axis or of the flattened tensor. */
export const Compress: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [x, condition],
    attr,
  } = node;
  const places = g.squeeze(g.nonZero(condition, { output_type: 'i64' }), g.ints([0]));
  const zero = g.constant('i64', [], [0]);
  if (!attr.has('axis')) return g.gather(g.reshape(x, g.ints([-1]), { special_zero: false }), places, zero);
  return g.gather(x, places, g.constant('i64', [], [axisOf(node, attr.int('axis'), rankOf(node, x))]));
};

export const NonZero: OnnxOp = ({ g, inputs: [x] }) => g.nonZero(x, { output_type: 'i64' });

/** Values, first places, places in the values, counts; sorted or by first appearance. */
export const Unique: OnnxOp = (node) => {
  const {
    g,
    inputs: [x],
    attr,
    wants,
  } = node;
  const axis = attr.has('axis') ? g.constant('i64', [], [axisOf(node, attr.int('axis'), rankOf(node, x))]) : undefined;
  const all = g.unique(x, axis, { sorted: attr.bool('sorted', true), index_element_type: 'i64', count_element_type: 'i64' });
  return all.map((value, i) => (i === 0 || wants(i) ? value : undefined));
};

/** Running sums along one axis. */
export const CumSum: OnnxOp<2> = ({ g, inputs: [x, axis], attr }) => {
  const scalar = scalarOf(g, axis);
  return g.cumSum(x, scalar, { exclusive: attr.bool('exclusive'), reverse: attr.bool('reverse') });
};

/** Running products: log₂ n steps of multiplying with the tensor shifted by 1, 2, 4 … places. */
export const CumProd: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [x, axisInput],
    attr,
  } = node;
  const rank = rankOf(node, x),
    reverse = attr.bool('reverse');
  const known = numberOf(axisInput);
  const axis = known === undefined ? undefined : axisOf(node, known, rank);
  // an axis that only the run tells is moved to the end and back
  const orders = axis === undefined ? lastOrders(g, scalarOf(g, axisInput), rank) : undefined;
  const at = axis ?? rank - 1;
  const moved = orders ? g.transpose(x, orders.there) : x;
  const longest = Math.max(...(x.fact.shape ?? []).map((d) => (typeof d === 'number' ? d : Number.NaN)));
  const steps = axis === undefined ? longest : dimOf(x, axis);
  if (steps === undefined || !(steps <= 2 ** 40)) throw node.unsupported('an axis whose size only the run tells');
  const ends = (from: number, to: number): readonly number[] => upTo(rank).map((i) => (i === at ? from : to));
  const shifted = (value: Value, by: number): Value => {
    const none = g.ints(ends(0, 0)),
      some = g.ints(ends(by, 0));
    const padded = g.pad(value, reverse ? none : some, reverse ? some : none, like(g, value, 1), { pad_mode: 'constant' });
    return reverse ? sliced(g, padded, at, by, Number.MAX_SAFE_INTEGER) : sliced(g, padded, at, 0, -by);
  };
  let product = attr.bool('exclusive') ? shifted(moved, 1) : moved;
  for (let step = 1; step < steps; step *= 2) product = g.multiply(product, shifted(product, step));
  return orders ? g.transpose(product, orders.back) : product;
};

/** The orders that move an axis to the end and back; the axis is a scalar that only the run tells. */
function lastOrders(g: Builder, axis: Value, rank: number): { readonly there: Value; readonly back: Value } {
  const i64 = (n: number): Value => g.constant('i64', [], [n]);
  const wide = g.cast(axis, 'i64');
  const from = g.select(g.less(wide, i64(0)), g.add(wide, i64(rank)), wide);
  const lines = g.ints(upTo(rank)),
    last = i64(rank - 1);
  const after = g.cast(g.greaterEqual(lines, from), 'i64'),
    beyond = g.cast(g.greater(lines, from), 'i64');
  return {
    there: g.select(g.equal(lines, last), from, g.add(lines, after)),
    back: g.select(g.equal(lines, from), last, g.subtract(lines, beyond)),
  };
}
