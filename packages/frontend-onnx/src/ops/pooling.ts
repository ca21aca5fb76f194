/** Poolings. */
import type { Value } from '@cuvee/core';
import { dimOf, like, rankOf, spatialList, upTo } from '../build.js';
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
  const {
    g,
    inputs: [x],
    attr,
  } = node;
  const { kernel, spatial, ...attributes } = poolAttributes(node);
  const [y, places] = g.maxPool(x, { kernel, ...attributes, index_element_type: 'i64', axis: 0 }) as readonly [Value, Value];
  if (!node.wants(1)) return [y];
  if (!attr.bool('storage_order')) return [y, places];
  const sizes = upTo(spatial).map((i) => dimOf(x, i + 2));
  if (sizes.some((d) => d === undefined)) throw node.unsupported('places column by column of an input whose size only the run tells');
  const planeSize = (sizes as number[]).reduce((a, b) => a * b, 1);
  const i64 = (n: number): Value => g.constant('i64', [], [n]);
  const within = g.floorMod(places, i64(planeSize));
  let rest = within,
    columnMajor = g.subtract(places, within),
    stride = planeSize;
  for (let i = spatial - 1; i >= 0; i--) {
    const size = sizes[i] as number;
    stride /= size;
    columnMajor = g.add(columnMajor, g.multiply(g.floorMod(rest, i64(size)), i64(stride)));
    rest = g.divide(rest, i64(size), { m_pythondiv: true });
  }
  return [y, columnMajor];
};

const spatialAxes = (node: OnnxNode): Value => node.g.ints(upTo(rankOf(node, node.inputs[0]), 2));

export const GlobalAveragePool: OnnxOp = (node) => node.g.reduceMean(node.inputs[0], spatialAxes(node), { keep_dims: true });
export const GlobalMaxPool: OnnxOp = (node) => node.g.reduceMax(node.inputs[0], spatialAxes(node), { keep_dims: true });

/** (Σ |x|^p)^(1/p) */
export const GlobalLpPool: OnnxOp = (node) => {
  const {
    g,
    inputs: [x],
    attr,
    version,
  } = node;
  const p = version < 2 ? attr.float('p', 2) : attr.int('p', 2);
  return g.power(g.reduceSum(g.power(g.abs(x), like(g, x, p)), spatialAxes(node), { keep_dims: true }), like(g, x, 1 / p));
};

/** As AveragePool of |x|^p over all places, padding included, times their number. */
export const LpPool: OnnxOp = (node) => {
  const {
    g,
    inputs: [x],
    attr,
    version,
  } = node;
  const p = version < 2 ? attr.float('p', 2) : attr.int('p', 2);
  const { kernel, spatial, pads_begin, pads_end, auto_pad, ...attributes } = poolAttributes(node);
  const powers = g.power(g.abs(x), like(g, x, p));
  // zeros add nothing: padding in front of the pooling keeps every window's divisor the same
  const explicit = auto_pad === 'explicit' && [...pads_begin, ...pads_end].some((n) => n !== 0);
  const padded = explicit
    ? g.pad(powers, g.ints([0, 0, ...pads_begin]), g.ints([0, 0, ...pads_end]), like(g, x, 0), { pad_mode: 'constant' })
    : powers;
  const none = upTo(spatial).map(() => 0);
  const mean = g.avgPool(padded, { kernel, ...attributes, auto_pad, pads_begin: none, pads_end: none, 'exclude-pad': false });
  const count = kernel.reduce((a, b) => a * b, 1);
  return g.power(g.multiply(mean, like(g, x, count)), like(g, x, 1 / p));
};

/** Puts pooled values back at their places; the rest is 0. Places count through the pooling's input, as kernel and strides give it. */
export const MaxUnpool: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [x, places, shape],
    attr,
  } = node;
  const rank = rankOf(node, x),
    spatial = rank - 2;
  const kernel = spatialList(node, 'kernel_shape', spatial, 1, 1),
    strides = spatialList(node, 'strides', spatial, 1, 1);
  const pads = attr.ints(
    'pads',
    upTo(2 * spatial).map(() => 0),
  );
  const sizes = upTo(rank).map((axis) => dimOf(x, axis));
  if (sizes.some((d) => d === undefined)) throw node.unsupported('an input whose size only the run tells');
  const usual = sizes.map((d, axis) =>
    axis < 2
      ? (d as number)
      : ((d as number) - 1) * (strides[axis - 2] as number) -
        (pads[axis - 2] ?? 0) -
        (pads[axis - 2 + spatial] ?? 0) +
        (kernel[axis - 2] as number),
  );
  const outShape = g.ints(usual);
  const zeros = g.broadcast(like(g, x, 0), g.ints([usual.reduce((a, b) => a * b, 1)]), undefined, { mode: 'numpy' });
  const flat = (value: Value): Value => g.reshape(value, g.ints([-1]), { special_zero: false });
  const y = g.reshape(g.scatterUpdate(zeros, flat(places), flat(x), g.constant('i64', [], [0])), outShape, { special_zero: false });
  // a larger output goes on with zeros
  return shape
    ? g.pad(y, g.ints(usual.map(() => 0)), g.subtract(g.cast(shape, 'i64'), outShape), like(g, x, 0), { pad_mode: 'constant' })
    : y;
};

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
