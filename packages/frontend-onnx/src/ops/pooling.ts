/** Poolings. */
import type { Value } from '@cuvee/core';
import { dimOf, i64, like, rankOf, shapeOf, spatialList, upTo } from '../build.js';
import type { OnnxNode, OnnxOp } from '../node.js';
import { windowAttributes } from '../windows.js';

/** Kernel and windows of a pooling; MODEL_INVALID when they do not fit the input's rank. */
function poolAttributes(node: OnnxNode) {
  const spatial = rankOf(node, node.inputs[0]) - 2;
  if (spatial < 1) throw node.invalid('the input must have at least one spatial axis');
  if (!node.attr.has('kernel_shape')) throw node.invalid('attribute "kernel_shape" is missing');
  const windows = windowAttributes(node, spatial);
  // windows that would start in the end padding are left out
  const rounding_type = node.attr.bool('ceil_mode') ? ('ceil_torch' as const) : ('floor' as const);
  return { spatial, kernel: spatialList(node, 'kernel_shape', spatial, 1, 1), ...windows, rounding_type };
}

export const AveragePool: OnnxOp = (node) => {
  const { kernel, spatial: _, ...attributes } = poolAttributes(node);
  return node.g.avgPool(node.inputs[0], { kernel, ...attributes, 'exclude-pad': !node.attr.bool('count_include_pad') });
};

/** The places count within each plane in ONNX, row by row or (`storage_order` 1) column by column; the room's count from `axis`. */
export const MaxPool: OnnxOp = (node) => {
  const { g, attr } = node;
  const [x] = node.inputs;
  const { kernel, spatial, ...attributes } = poolAttributes(node);
  const [y, places] = g.maxPool(x, { kernel, ...attributes, index_element_type: 'i64', axis: 0 }) as readonly [Value, Value];
  if (!node.wants(1)) return [y];
  return [y, attr.bool('storage_order') ? columnMajor(node, x, places, spatial) : places];
};

/** Places that count row by row through the input as places that count column by column within their plane. */
function columnMajor(node: OnnxNode, x: Value, places: Value, spatial: number): Value {
  const { g } = node;
  const sizes = knownSizes(node, x).slice(2);
  let stride = product(sizes);
  let rest = g.floorMod(places, i64(g, stride));
  let at = g.subtract(places, rest);
  for (let i = spatial - 1; i >= 0; i--) {
    const size = sizes[i] as number;
    stride /= size;
    at = g.add(at, g.multiply(g.floorMod(rest, i64(g, size)), i64(g, stride)));
    rest = g.divide(rest, i64(g, size), { m_pythondiv: true });
  }
  return at;
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** All sizes of an input. Throws MODEL_UNSUPPORTED when only the run tells. */
function knownSizes(node: OnnxNode, x: Value): readonly number[] {
  const sizes = upTo(rankOf(node, x)).map((axis) => dimOf(x, axis));
  if (sizes.some((d) => d === undefined)) throw node.unsupported('an input whose size only the run tells');
  return sizes as number[];
}

const spatialAxes = (node: OnnxNode): Value => node.g.ints(upTo(rankOf(node, node.inputs[0]), 2));

export const GlobalAveragePool: OnnxOp = (node) => node.g.reduceMean(node.inputs[0], spatialAxes(node), { keep_dims: true });
export const GlobalMaxPool: OnnxOp = (node) => node.g.reduceMax(node.inputs[0], spatialAxes(node), { keep_dims: true });

/** (Σ |x|^p)^(1/p) */
export const GlobalLpPool: OnnxOp = (node) => inPowers(node, (powers) => node.g.reduceSum(powers, spatialAxes(node), { keep_dims: true }));

/** The p-th root of what `sum` makes of |x|^p. Version 1 has p as a float. */
function inPowers(node: OnnxNode, sum: (powers: Value) => Value): Value {
  const { g, attr, version } = node;
  const [x] = node.inputs;
  const p = version < 2 ? attr.float('p', 2) : attr.int('p', 2);
  return g.power(sum(g.power(g.abs(x), like(g, x, p))), like(g, x, 1 / p));
}

/** As AveragePool of |x|^p over all places, padding included, times their number. */
export const LpPool: OnnxOp = (node) =>
  inPowers(node, (powers) => {
    const { g } = node;
    const { kernel, spatial, pads_begin, pads_end, ...attributes } = poolAttributes(node);
    // zeros add nothing: padding in front of the pooling keeps every window's divisor the same
    const padded = g.pad(powers, g.ints([0, 0, ...pads_begin]), g.ints([0, 0, ...pads_end]), like(g, powers, 0), { pad_mode: 'constant' });
    const none = upTo(spatial).map(() => 0);
    const mean = g.avgPool(padded, { kernel, ...attributes, pads_begin: none, pads_end: none, 'exclude-pad': false });
    return g.multiply(mean, like(g, powers, product(kernel)));
  });

/** Puts pooled values back at their places; the rest is 0. Places count through the pooling's input, as kernel and strides give it. */
export const MaxUnpool: OnnxOp<2> = (node) => {
  const { g } = node;
  const [x, places, shape] = node.inputs;
  const usual = unpooled(node, x);
  const count = g.reduceProd(usual, g.ints([0]), { keep_dims: true });
  const zeros = g.broadcast(like(g, x, 0), count, undefined, { mode: 'numpy' });
  const flat = (value: Value): Value => g.reshape(value, g.ints([-1]), { special_zero: false });
  const y = g.reshape(g.scatterUpdate(zeros, flat(places), flat(x), i64(g, 0)), usual, { special_zero: false });
  if (!shape) return y;
  // a larger output goes on with zeros
  const none = g.ints(upTo(rankOf(node, x)).map(() => 0));
  return g.pad(y, none, g.subtract(g.cast(shape, 'i64'), usual), like(g, x, 0), { pad_mode: 'constant' });
};

/** Sizes of the tensor that a pooling's output came from: (size - 1) stride - pads + kernel for each spatial axis. */
function unpooled(node: OnnxNode<2>, x: Value): Value {
  const { g } = node;
  const count = rankOf(node, x) - 2;
  const list = (name: string): readonly number[] => spatialList(node, name, count, 1, 1);
  const [kernel, strides, pads] = [list('kernel_shape'), list('strides'), node.attr.ints('pads', new Array<number>(2 * count).fill(0))];
  const more = upTo(count).map((i) => (kernel[i] as number) - (strides[i] as number) - (pads[i] ?? 0) - (pads[i + count] ?? 0));
  return g.add(g.multiply(shapeOf(g, x), g.ints([1, 1, ...strides])), g.ints([0, 0, ...more]));
}

/** Largest value of each cell of a grid over each region: by two axes of region coordinates scaled. */
export const MaxRoiPool: OnnxOp<2> = ({ g, inputs: [x, rois], attr, invalid }) => {
  const pooled = attr.ints('pooled_shape');
  if (pooled.length !== 2) throw invalid('attribute "pooled_shape" must have two entries');
  return g.roiPooling(x, rois, {
    pooled_h: pooled[0] as number,
    pooled_w: pooled[1] as number,
    spatial_scale: attr.float('spatial_scale', 1),
    method: 'max',
  });
};
