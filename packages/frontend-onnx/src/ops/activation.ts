/** Functions of one tensor that networks put behind a layer. */
import type { Value } from '@cuvee/core';
import {
  allInputs,
  axisOf,
  counting,
  flattened,
  folded,
  i64,
  like,
  numberOf,
  rankOf,
  shapeOf,
  sizeAt,
  unsqueezed,
  upTo,
} from '../build.js';
import type { OnnxNode, OnnxOp } from '../node.js';

export const Relu: OnnxOp = ({ g, inputs: [x] }) => g.relu(x);
export const Sigmoid: OnnxOp = ({ g, inputs: [x] }) => g.sigmoid(x);
export const Tanh: OnnxOp = ({ g, inputs: [x] }) => g.tanh(x);
export const Softsign: OnnxOp = ({ g, inputs: [x] }) => g.softSign(x);
export const Softplus: OnnxOp = ({ g, inputs: [x] }) => g.softPlus(x);
export const Mish: OnnxOp = ({ g, inputs: [x] }) => g.mish(x);
export const Elu: OnnxOp = ({ g, inputs: [x], attr }) => g.elu(x, { alpha: attr.float('alpha', 1) });
export const HardSwish: OnnxOp = ({ g, inputs: [x] }) => g.hSwish(x);

export const LeakyRelu: OnnxOp = ({ g, inputs: [x], attr }) => g.pRelu(x, like(g, x, attr.float('alpha', 0.01)));

export const HardSigmoid: OnnxOp = ({ g, inputs: [x], attr }) =>
  g.hardSigmoid(x, like(g, x, attr.float('alpha', 0.2)), like(g, x, attr.float('beta', 0.5)));

export const Selu: OnnxOp = ({ g, inputs: [x], attr, version }) => {
  const [alpha, gamma] = version < 6 ? [1.6732, 1.0507] : [1.6732631921768188, 1.0507010221481323];
  return g.selu(x, like(g, x, attr.float('alpha', alpha)), like(g, x, attr.float('gamma', gamma)));
};

/** max(x, 0) + min(alpha (e^(x / alpha) - 1), 0) */
export const Celu: OnnxOp = ({ g, inputs: [x], attr }) => {
  const alpha = like(g, x, attr.float('alpha', 1));
  return g.multiply(g.elu(g.divide(x, alpha), { alpha: 1 }), alpha);
};

export const Gelu: OnnxOp = ({ g, inputs: [x], attr }) =>
  g.gelu(x, { approximation_mode: attr.word('approximate', ['none', 'tanh'], 'none') === 'tanh' ? 'TANH' : 'ERF' });

/** x sigmoid(alpha x) */
export const Swish: OnnxOp = ({ g, inputs: [x], attr }) => g.swish(x, like(g, x, attr.float('alpha', 1)));

/** swish(gate) value */
export const SwiGLU: OnnxOp<2> = ({ g, inputs: [a, b], attr }) => g.multiply(g.swish(a, like(g, a, attr.float('alpha', 1))), b);

export const ThresholdedRelu: OnnxOp = ({ g, inputs: [x], attr }) =>
  g.select(g.greater(x, like(g, x, attr.float('alpha', 1))), x, like(g, x, 0));

export const Shrink: OnnxOp = ({ g, inputs: [x], attr }) => {
  const edge = attr.float('lambd', 0.5);
  const bias = like(g, x, attr.float('bias', 0));
  const above = g.select(g.greater(x, like(g, x, edge)), g.subtract(x, bias), like(g, x, 0));
  return g.select(g.less(x, like(g, x, -edge)), g.add(x, bias), above);
};

/** PRelu-7 broadcasts the slope as NumPy does, the room takes one slope or one a channel; before 7 a 1-D slope is one a channel. */
export const PRelu: OnnxOp<2> = ({ g, inputs: [x, slope], version }) => {
  const rank = x.fact.shape?.length,
    own = slope.fact.shape;
  const sizes = own?.map((d) => d);
  if (sizes?.every((d) => d === 1)) return g.pRelu(x, g.reshape(slope, g.ints([1]), { special_zero: false }));
  if (version < 7 && sizes?.length === 1) return g.pRelu(x, slope);
  const channel = rank === undefined || !sizes ? -1 : 1 - rank + sizes.length;
  const perChannel = channel >= 0 && sizes?.every((d, i) => i === channel || d === 1);
  if (perChannel) return g.pRelu(x, g.reshape(slope, g.ints([-1]), { special_zero: false }));
  const zero = like(g, x, 0);
  return g.select(g.less(x, zero), g.multiply(x, slope), x);
};

/** Clip-11 takes the bounds as inputs, either of which may be left out. Where they cross, the upper one wins. */
export const Clip: OnnxOp = ({ g, inputs: [x, min, max], attr, version }) => {
  const lo = version >= 11 ? min : attr.has('min') ? like(g, x, attr.float('min')) : undefined;
  const hi = version >= 11 ? max : attr.has('max') ? like(g, x, attr.float('max')) : undefined;
  if (!lo && !hi) return x;
  const [low, high] = [lo ? numberOf(lo) : Number.NEGATIVE_INFINITY, hi ? numberOf(hi) : Number.POSITIVE_INFINITY];
  const exact = low !== undefined && high !== undefined && low <= high && x.fact.type !== 'i64' && x.fact.type !== 'u64';
  if (exact) return g.clamp(x, { min: low, max: high });
  const scalar = (bound: Value): Value => (bound.fact.shape?.length === 1 ? g.squeeze(bound, g.ints([0])) : bound);
  const raised = lo ? g.maximum(x, scalar(lo)) : x;
  return hi ? g.minimum(raised, scalar(hi)) : raised;
};

/** Before opset 13 the tensor counts as a matrix whose rows begin at `axis` (default 1). */
function alongAxis(node: OnnxNode, apply: (x: Value, axis: number) => Value): Value {
  const { g, attr, version } = node;
  const [x] = node.inputs;
  if (version >= 13) return apply(x, attr.int('axis', -1));
  const rank = rankOf(node, x);
  const given = attr.int('axis', 1);
  const axis = given === rank ? rank : axisOf(node, given, rank);
  const onlyOne = x.fact.shape?.every((d, i) => i <= axis || d === 1);
  if (axis === rank - 1 || (onlyOne && axis < rank)) return apply(x, axis);
  return g.reshape(apply(flattened(g, x, axis, rank), 1), shapeOf(g, x), { special_zero: false });
}

export const Softmax: OnnxOp = (node) => alongAxis(node, (x, axis) => node.g.softmax(x, { axis }));
export const LogSoftmax: OnnxOp = (node) => alongAxis(node, (x, axis) => node.g.logSoftmax(x, { axis }));

/** 1 at the first largest element of each slice, 0 elsewhere. */
export const Hardmax: OnnxOp = (node) =>
  alongAxis(node, (x, given) => {
    const { g } = node;
    const rank = rankOf(node, x);
    const axis = axisOf(node, given, rank);
    const [, at] = g.topK(x, i64(g, 1), { axis, mode: 'max', sort: 'value', index_element_type: 'i64' }) as readonly [Value, Value];
    const places = unsqueezed(g, counting(g, sizeAt(g, x, axis)), upTo(rank - axis, 1));
    return g.cast(g.equal(at, places), x.fact.type);
  });

export const Max: OnnxOp = (node) => folded(allInputs(node), (a, b) => node.g.maximum(a, b));
export const Min: OnnxOp = (node) => folded(allInputs(node), (a, b) => node.g.minimum(a, b));
