/** Quantised tensors: to and from integers and narrow floats, and operators that compute on them. */
import { isFloat, type ElementType, type Value } from '@cuvee/core';
import {
  allAxes,
  axisOf,
  like,
  rankOf,
  reshaped,
  reshapedTo,
  scalarOf,
  sizeAt,
  sizesOf,
  times,
  unsqueezed,
  upTo,
  type AnyNode,
} from '../build.js';
import { biased, convolved } from '../convolved.js';
import type { OnnxOp } from '../node.js';

/** Smallest and largest number of the integer types that tensors are quantised to. */
const limits: Partial<Record<ElementType, readonly [number, number]>> = {
  u8: [0, 255],
  i8: [-128, 127],
  u16: [0, 65535],
  i16: [-32768, 32767],
  u4: [0, 15],
  i4: [-8, 7],
  u2: [0, 3],
  i2: [-2, 1],
  i32: [-2147483648, 2147483647],
};
const largest: Partial<Record<ElementType, number>> = { f8e4m3: 448, f8e5m2: 57344, f4e2m1: 6, f8e4m3fnuz: 240, f8e5m2fnuz: 57344 };

/**
 * A scale or zero point made to broadcast over `x`: one number, one for each place of an axis, or (opset 21) one for
 * each block of `block` places.
 */
function spread(node: AnyNode, parameter: Value, x: Value): Value {
  const { g, attr } = node;
  const shape = parameter.fact.shape;
  if (!shape) throw node.unsupported('a scale of unknown rank');
  if (shape.length === 0) return parameter;
  if (shape.every((d) => d === 1)) return scalarOf(g, parameter);
  const rank = rankOf(node, x);
  const block = node.version >= 21 ? attr.int('block_size', 0) : 0;
  if (shape.length === 1 && (block === 0 || rank !== 1)) {
    const axis = rank === 1 ? 0 : axisOf(node, attr.int('axis', 1), rank);
    return unsqueezed(
      g,
      parameter,
      upTo(rank).filter((i) => i !== axis),
    );
  }
  if (shape.length !== rank) throw node.invalid(`a scale of rank ${shape.length} does not fit an input of rank ${rank}`);
  if (block < 1) return parameter;
  const axis = axisOf(node, attr.int('axis', 1), rank);
  const repeated = g.tile(g.unsqueeze(parameter, g.ints([axis + 1])), g.ints(upTo(rank + 1).map((i) => (i === axis + 1 ? block : 1))));
  const whole = reshapedTo(
    g,
    repeated,
    upTo(rank).map((i) => (i === axis ? -1 : sizesOf(g, parameter, [i]))),
  );
  return g.slice(whole, g.ints([0]), g.unsqueeze(sizeAt(g, x, axis), g.ints([0])), g.ints([1]), g.ints([axis]));
}

/** round(sum · ratio) + zero, limited to what the type holds: of exact sums of products, with all scales in one number. */
export function rescaled(
  { g, unsupported }: Pick<AnyNode, 'g' | 'unsupported'>,
  sum: Value,
  ratio: Value,
  zero: Value,
  type: ElementType,
): Value {
  const range = limits[type];
  if (!range) throw unsupported(`quantising to ${type}`);
  const whole = g.round(g.multiply(sum, ratio), { mode: 'half_to_even' });
  return g.cast(g.clamp(g.add(whole, g.cast(zero, 'f32')), { min: range[0], max: range[1] }), type);
}

/** round(x / scale) + zero, limited to what the type holds. Everything broadcasts. */
function quantised(node: AnyNode, x: Value, scale: Value, zero: Value | undefined, type: ElementType, precision: ElementType): Value {
  const { g } = node;
  const ratio = g.divide(g.cast(x, precision), g.cast(scale, precision));
  if (isFloat(type)) {
    const shifted = zero ? g.add(ratio, g.cast(zero, precision)) : ratio;
    const edge = largest[type];
    return g.cast(edge !== undefined && node.attr.bool('saturate', true) ? g.clamp(shifted, { min: -edge, max: edge }) : shifted, type);
  }
  const range = limits[type];
  if (!range) throw node.unsupported(`quantising to ${type}`);
  const whole = g.cast(g.round(ratio, { mode: 'half_to_even' }), precision === 'f64' ? 'f64' : 'f32');
  const shifted = zero ? g.add(whole, g.cast(zero, whole.fact.type)) : whole;
  return g.cast(g.clamp(shifted, { min: range[0], max: range[1] }), type);
}

export const QuantizeLinear: OnnxOp<2> = (node) => {
  const { attr } = node;
  const [x, scale, zero] = node.inputs;
  const type = zero?.fact.type ?? attr.optionalType('output_dtype') ?? 'u8';
  const precision = attr.optionalType('precision') ?? ofScale(scale);
  return quantised(node, x, spread(node, scale, x), zero && spread(node, zero, x), type, precision);
};

export const DequantizeLinear: OnnxOp<2> = (node) => {
  const { g, attr } = node;
  const [x, scale, zero] = node.inputs;
  const type = attr.optionalType('output_dtype') ?? ofScale(scale);
  const value = g.cast(x, type);
  const centred = zero ? g.subtract(value, g.cast(spread(node, zero, x), type)) : value;
  return g.multiply(centred, g.cast(spread(node, scale, x), type));
};

/** The type that a scale is computed in. */
const ofScale = ({ fact: { type } }: Value): ElementType => (type === 'f8e8m0' ? 'f32' : type);

/** Scale and zero point that quantise a tensor to u8, from its smallest and largest element, 0 included; `divisor` is the scale, or 1 for 0. */
function rangeOf(g: AnyNode['g'], x: Value) {
  const [axes, zero] = [allAxes(g, x), like(g, x, 0)];
  const high = g.maximum(g.reduceMax(x, axes, { keep_dims: false }), zero);
  const low = g.minimum(g.reduceMin(x, axes, { keep_dims: false }), zero);
  const scale = g.divide(g.subtract(high, low), like(g, x, 255));
  const divisor = g.select(g.equal(scale, zero), like(g, x, 1), scale);
  const point = g.round(g.divide(g.subtract(zero, low), divisor), { mode: 'half_to_even' });
  return { scale, divisor, point: g.clamp(point, { min: 0, max: 255 }) };
}

/** To u8, with scale and zero point from the smallest and largest element, 0 included. */
export const DynamicQuantizeLinear: OnnxOp = (node) => {
  const { g, inputs } = node;
  const { scale, divisor, point } = rangeOf(g, inputs[0]);
  const zero = g.cast(point, 'u8');
  return [quantised(node, inputs[0], divisor, zero, 'u8', inputs[0].fact.type), scale, zero];
};

/** A tensor quantised to u8 by its own range, and back. */
export function roundTrip(g: AnyNode['g'], x: Value): Value {
  const { scale, divisor, point } = rangeOf(g, x);
  const whole = g.add(g.round(g.divide(x, divisor), { mode: 'half_to_even' }), point);
  return g.multiply(g.subtract(g.clamp(whole, { min: 0, max: 255 }), point), scale);
}

/** An integer tensor less its zero point, in i32. */
export function centred(node: AnyNode, x: Value, zero: Value | undefined, axis: number | undefined): Value {
  const { g } = node;
  const wide = g.cast(x, 'i32');
  if (!zero) return wide;
  const point = g.cast(zero, 'i32');
  if (zero.fact.shape?.length !== 1 || zero.fact.shape[0] === 1)
    return g.subtract(wide, zero.fact.shape?.length === 1 ? scalarOf(g, point) : point);
  return g.subtract(
    wide,
    axis === undefined
      ? point
      : unsqueezed(
          g,
          point,
          upTo(rankOf(node, x)).filter((i) => i !== axis),
        ),
  );
}

/** Zero points of A count by rows, those of B by columns. */
export const MatMulInteger: OnnxOp<2> = (node) => wholeProduct(node, node.inputs[0], node.inputs[1], node.inputs[2], node.inputs[3]);

/** A B in i32, both less their zero points. */
function wholeProduct(node: AnyNode, a: Value, b: Value, aZero: Value | undefined, bZero: Value | undefined): Value {
  const [rows, columns] = [Math.max(0, rankOf(node, a) - 2), rankOf(node, b) - 1];
  return times(node.g, centred(node, a, aZero, rows), centred(node, b, bZero, columns));
}

export const ConvInteger: OnnxOp<2> = (node) => {
  const [x, filters, xzero, fzero] = node.inputs;
  return convolved(node, centred(node, x, xzero, undefined), centred(node, filters, fzero, 0));
};

/** Inputs x, its scale, its zero point, w, its scale, its zero point, the scale and zero point of y, bias. */
export const QLinearConv: OnnxOp<8> = (node) => {
  const { g } = node;
  const [x, xs, xz, w, ws, wz, ys, yz, bias] = node.inputs;
  const spatial = rankOf(node, x) - 2;
  // integers up to 2^24 are exact in f32
  const exact = convolved(node, g.cast(centred(node, x, xz, undefined), 'f32'), g.cast(centred(node, w, wz, 0), 'f32'));
  const sum = biased(node, exact, bias && g.cast(bias, 'f32'), spatial);
  const perFilter = isOne(ws) ? scalarOf(g, ws) : reshaped(g, ws, [1, -1, ...upTo(spatial).map(() => 1)]);
  const ratio = g.divide(g.multiply(scalarOf(g, xs), perFilter), scalarOf(g, ys));
  return rescaled(node, sum, ratio, scalarOf(g, yz), yz.fact.type);
};

/** Whether a scale or zero point is one number, in whatever shape. */
export const isOne = ({ fact: { shape } }: Value): boolean => shape === undefined || shape.every((d) => d === 1);

/** Inputs a, its scale, its zero point, b, its scale, its zero point, the scale and zero point of y. */
export const QLinearMatMul: OnnxOp<8> = (node) => {
  const { g } = node;
  const [a, as, az, b, bs, bz, ys, yz] = node.inputs;
  const product = wholeProduct(node, a, b, az, bz);
  const type = yz.fact.type;
  const precision: ElementType = as.fact.type === 'f16' || as.fact.type === 'bf16' ? 'f32' : as.fact.type;
  const [left, right, out] = [byRow(g, as), bs, byRow(g, ys)].map((scale) => g.cast(scale, precision)) as [Value, Value, Value];
  const unit = g.multiply(left, right);
  if (precision === 'f32' && (type === 'u8' || type === 'i8'))
    return rescaled(node, g.cast(product, 'f32'), g.divide(unit, out), byRow(g, yz), type);
  return quantised(node, g.multiply(g.cast(product, precision), unit), out, byRow(g, yz), type, precision);
};

/** A scale or zero point of one number, or one for each row of a matrix. */
const byRow = (g: AnyNode['g'], x: Value): Value =>
  x.fact.shape?.length !== 1 ? x : isOne(x) ? scalarOf(g, x) : g.unsqueeze(x, g.ints([1]));
