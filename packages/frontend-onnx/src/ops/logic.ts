/** Comparisons, conditions, bits. */
import { bitsOf, isFloat, isSigned, type ElementType, type Value } from '@cuvee/core';
import { broadcastOperand, like, numbersOf } from '../build.js';
import type { OnnxNode, OnnxOp } from '../node.js';

const binary =
  (apply: (node: OnnxNode<2>, a: Value, b: Value) => Value): OnnxOp<2> =>
  (node) =>
    apply(node, node.inputs[0], broadcastOperand(node, node.inputs[0], node.inputs[1]));

export const And = binary(({ g }, a, b) => g.logicalAnd(a, b));
export const Or = binary(({ g }, a, b) => g.logicalOr(a, b));
export const Xor = binary(({ g }, a, b) => g.logicalXor(a, b));
export const Not: OnnxOp = ({ g, inputs: [x] }) => g.logicalNot(x);
export const Equal = binary(({ g }, a, b) => g.equal(a, b));
export const Greater = binary(({ g }, a, b) => g.greater(a, b));
export const Less = binary(({ g }, a, b) => g.less(a, b));
export const GreaterOrEqual: OnnxOp<2> = ({ g, inputs: [a, b] }) => g.greaterEqual(a, b);
export const LessOrEqual: OnnxOp<2> = ({ g, inputs: [a, b] }) => g.lessEqual(a, b);
export const Where: OnnxOp<3> = ({ g, inputs: [condition, a, b] }) => g.select(condition, a, b);

export const IsNaN: OnnxOp = ({ g, inputs: [x] }) => g.isNaN(x);
export const IsInf: OnnxOp = ({ g, inputs: [x], attr }) =>
  g.isInf(x, { detect_negative: attr.bool('detect_negative', true), detect_positive: attr.bool('detect_positive', true) });

export const BitwiseAnd: OnnxOp<2> = ({ g, inputs: [a, b] }) => g.bitwiseAnd(a, b);
export const BitwiseOr: OnnxOp<2> = ({ g, inputs: [a, b] }) => g.bitwiseOr(a, b);
export const BitwiseXor: OnnxOp<2> = ({ g, inputs: [a, b] }) => g.bitwiseXor(a, b);
export const BitwiseNot: OnnxOp = ({ g, inputs: [x] }) => g.bitwiseNot(x);

/** By a negative number of places, or as many as there are bits, nothing is left but copies of the sign. */
export const BitShift: OnnxOp<2> = ({ g, inputs: [x, places], attr }) => {
  const left = attr.word('direction', ['LEFT', 'RIGHT']) === 'LEFT';
  const shift = (by: Value): Value => (left ? g.bitwiseLeftShift(x, by) : g.bitwiseRightShift(x, by));
  const { type } = x.fact,
    bits = bitsOf(type);
  if (numbersOf(places)?.every((n) => n >= 0 && n < bits)) return shift(places);
  const zero = like(g, x, 0);
  const within = g.less(places, like(g, x, bits));
  const usual = isSigned(type) ? g.logicalAnd(within, g.greaterEqual(places, zero)) : within;
  const rest = left || !isSigned(type) ? zero : g.select(g.less(x, zero), like(g, x, -1), zero);
  return g.select(usual, shift(g.select(usual, places, zero)), rest);
};

/** Largest finite values of the types to which a cast saturates. */
const largest: Partial<Record<ElementType, number>> = { f8e4m3: 448, f8e5m2: 57344, f4e2m1: 6, f8e4m3fnuz: 240, f8e5m2fnuz: 57344 };

/** To a float of eight or fewer bits, Cast saturates unless told otherwise; everything else is the plain conversion. */
function cast({ g, attr, unsupported }: Pick<OnnxNode, 'g' | 'attr' | 'unsupported'>, x: Value, to: ElementType): Value {
  if (x.fact.type === to) return x;
  if (x.fact.type === 'string' || to === 'string') throw unsupported(`casting ${x.fact.type} to ${to}`);
  if (to === 'f8e8m0' && attr.text('round_mode', 'up') !== 'nearest') {
    // the nearest power of two, or its neighbour on the side that is asked for
    const wide = g.cast(x, 'f32'),
      near = g.cast(g.cast(wide, to), 'f32');
    const up = attr.word('round_mode', ['up', 'down', 'nearest'], 'up') === 'up';
    const short = up ? g.less(near, wide) : g.greater(near, wide);
    return g.cast(g.select(short, g.multiply(near, g.constant('f32', [], [up ? 2 : 0.5])), near), to);
  }
  const edge = largest[to];
  if (edge === undefined || !attr.bool('saturate', true)) return g.cast(x, to);
  const wide = isFloat(x.fact.type) ? x : g.cast(x, 'f32');
  return g.cast(g.clamp(wide, { min: -edge, max: edge }), to);
}

const oldTypes: Readonly<Record<string, ElementType>> = {
  FLOAT: 'f32',
  UINT8: 'u8',
  INT8: 'i8',
  UINT16: 'u16',
  INT16: 'i16',
  INT32: 'i32',
  INT64: 'i64',
  STRING: 'string',
  BOOL: 'boolean',
  FLOAT16: 'f16',
  DOUBLE: 'f64',
  UINT32: 'u32',
  UINT64: 'u64',
};

/** Cast-1 spells the type out. */
export const Cast: OnnxOp = (node) => {
  const { attr, version } = node;
  const [x] = node.inputs;
  if (version >= 6) return cast(node, x, attr.elementType('to'));
  const type = oldTypes[attr.text('to').toUpperCase()];
  if (!type) throw node.invalid('attribute "to" is no type');
  return cast(node, x, type);
};

export const CastLike: OnnxOp<2> = (node) => cast(node, node.inputs[0], node.inputs[1].fact.type);

/** The same bits as another type of the same width. */
export const BitCast: OnnxOp = ({ g, inputs: [x], attr, invalid }) => {
  const from = x.fact.type,
    to = attr.elementType('to');
  if (bitsOf(from) !== bitsOf(to)) throw invalid(`${from} and ${to} have different widths`);
  return from === to ? x : g.bitcast(x, { destination_type: to });
};
