/** Normalisations. */
import type { Value } from '@cuvee/core';
import { axisOf, dimOf, like, rankOf, reshaped, shapeOf, upTo, type AnyNode } from '../build.js';
import { takes, type OnnxOp } from '../node.js';

/** [C] as [1, C, 1, …], to broadcast over a tensor of `rank` axes. */
const perChannel = (node: AnyNode, x: Value, rank: number): Value =>
  x.fact.shape?.length === 1 ? reshaped(node.g, x, [1, -1, ...upTo(rank - 2).map(() => 1)]) : x;

/** (x - mean) / √(variance + ε) with the moments of the given axes. */
const standardised = (g: AnyNode['g'], x: Value, axes: readonly number[], epsilon: number): Value =>
  g.mvn(x, g.ints(axes), { normalize_variance: true, eps: epsilon, eps_mode: 'INSIDE_SQRT' });

/** Inference from the running moments; with `training_mode` (14) from the batch's own, which also move the running ones. */
export const BatchNormalization: OnnxOp<4> = (node) => {
  const {
    g,
    inputs: [x, scale, bias, mean, variance],
    attr,
    version,
  } = node;
  const epsilon = attr.float('epsilon', 1e-5),
    rank = rankOf(node, x);
  const training =
    version >= 14 ? attr.bool('training_mode') : node.wants(1) || (version < 7 && attr.has('is_test') && !attr.bool('is_test'));
  const spread = variance as Value;
  if (version < 9 && !attr.bool('spatial', true)) {
    // each place has moments of its own
    const row = (v: Value): Value => g.unsqueeze(v, g.ints([0]));
    const root = g.sqrt(g.add(row(spread), like(g, x, epsilon)));
    return g.add(g.multiply(g.divide(g.subtract(x, row(mean)), root), row(scale)), row(bias));
  }
  if (!training) {
    const same = [scale, bias, mean, spread].map((v) => g.cast(v, x.fact.type)) as [Value, Value, Value, Value];
    return g.batchNormInference(x, ...same, { epsilon });
  }
  const axes = g.ints([0, ...upTo(rank, 2)]);
  const batchMean = g.reduceMean(x, axes, { keep_dims: false });
  const centred = g.subtract(x, perChannel(node, batchMean, rank));
  const batchVariance = g.reduceMean(g.multiply(centred, centred), axes, { keep_dims: false });
  const root = g.sqrt(g.add(perChannel(node, batchVariance, rank), like(g, x, epsilon)));
  const y = g.add(g.multiply(g.divide(centred, root), perChannel(node, scale, rank)), perChannel(node, bias, rank));
  const momentum = attr.float('momentum', 0.9);
  const moved = (running: Value, batch: Value): Value =>
    g.add(g.multiply(running, like(g, running, momentum)), g.multiply(g.cast(batch, running.fact.type), like(g, running, 1 - momentum)));
  return [y, node.wants(1) ? moved(mean, batchMean) : undefined, node.wants(2) ? moved(spread, batchVariance) : undefined];
};

export const InstanceNormalization: OnnxOp<3> = (node) => {
  const {
    g,
    inputs: [x, scale, bias],
    attr,
  } = node;
  const rank = rankOf(node, x);
  const y = standardised(g, x, upTo(rank, 2), attr.float('epsilon', 1e-5));
  return g.add(g.multiply(y, perChannel(node, scale, rank)), perChannel(node, bias, rank));
};

/** The moments of all axes from `axis` on, computed in f32 where the input is narrower (`stash_type`). */
export const LayerNormalization: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [input, scale, bias],
    attr,
  } = node;
  const rank = rankOf(node, input),
    axis = axisOf(node, attr.int('axis', -1), rank);
  const stash = attr.elementType('stash_type', 'f32'),
    own = input.fact.type;
  const narrow = own === 'f16' || own === 'bf16';
  const x = narrow ? g.cast(input, stash) : input;
  const axes = upTo(rank, axis),
    epsilon = attr.float('epsilon', 1e-5);
  const wantsMoments = node.wants(1) || node.wants(2);
  const mean = wantsMoments ? g.reduceMean(x, g.ints(axes), { keep_dims: true }) : undefined;
  const centred = mean && g.subtract(x, mean);
  const inverse =
    centred &&
    g.divide(
      like(g, x, 1),
      g.sqrt(g.add(g.reduceMean(g.multiply(centred, centred), g.ints(axes), { keep_dims: true }), like(g, x, epsilon))),
    );
  const standard = g.cast(centred && inverse ? g.multiply(centred, inverse) : standardised(g, x, axes, epsilon), own);
  const scaled = g.multiply(standard, scale);
  return [bias ? g.add(scaled, bias) : scaled, mean, inverse];
};

/** x / √(mean of x² + ε) · scale */
export const RMSNormalization: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [input, scale],
    attr,
  } = node;
  const rank = rankOf(node, input),
    axis = axisOf(node, attr.int('axis', -1), rank);
  const own = input.fact.type,
    narrow = own === 'f16' || own === 'bf16';
  const x = narrow ? g.cast(input, attr.elementType('stash_type', 'f32')) : input;
  const square = g.reduceMean(g.multiply(x, x), g.ints(upTo(rank, axis)), { keep_dims: true });
  const y = g.divide(x, g.sqrt(g.add(square, like(g, x, attr.float('epsilon', 1e-5)))));
  return g.multiply(g.cast(y, own), g.cast(scale, own));
};

/** What ONNX Runtime writes into ai.onnx for RMSNormalization. */
export const SimplifiedLayerNormalization: OnnxOp<2> = takes('ss>so', RMSNormalization);

/** GroupNormalization-18 scales each group, 21 each channel. */
export const GroupNormalization: OnnxOp<3> = (node) => {
  const {
    g,
    inputs: [input, scale, bias],
    attr,
    version,
  } = node;
  const rank = rankOf(node, input),
    groups = attr.int('num_groups');
  const channels = dimOf(input, 1);
  if (groups < 1 || (channels !== undefined && channels % groups !== 0))
    throw node.invalid(`${channels ?? '?'} channels cannot be divided into ${groups} groups`);
  const own = input.fact.type,
    narrow = version >= 21 && (own === 'f16' || own === 'bf16');
  const x = narrow ? g.cast(input, attr.elementType('stash_type', 'f32')) : input;
  const split = g.reshape(x, g.ints([0, groups, -1]), { special_zero: true });
  const standard = standardised(g, split, [2], attr.float('epsilon', 1e-5));
  if (version < 21 && (channels === undefined || groups !== channels) && dimOf(scale, 0) === groups) {
    const affine = g.add(g.multiply(standard, reshaped(g, scale, [1, -1, 1])), reshaped(g, bias, [1, -1, 1]));
    return g.reshape(affine, shapeOf(g, x), { special_zero: false });
  }
  const y = g.cast(g.reshape(standard, shapeOf(g, x), { special_zero: false }), own);
  return g.add(g.multiply(y, perChannel(node, scale, rank)), perChannel(node, bias, rank));
};

export const MeanVarianceNormalization: OnnxOp = (node) => {
  const {
    g,
    inputs: [x],
    attr,
  } = node;
  const axes = attr.ints('axes', [0, 2, 3]);
  const centred = g.subtract(x, g.reduceMean(x, g.ints(axes), { keep_dims: true }));
  const spread = g.sqrt(g.reduceMean(g.multiply(centred, centred), g.ints(axes), { keep_dims: true }));
  return g.divide(centred, g.add(spread, like(g, x, 1e-9)));
};

export const LRN: OnnxOp = ({ g, inputs: [x], attr }) =>
  g.lrn(x, g.ints([1]), {
    alpha: attr.float('alpha', 1e-4),
    beta: attr.float('beta', 0.75),
    bias: attr.float('bias', 1),
    size: attr.int('size'),
  });

/** x / ‖x‖ along one axis, 0 where the norm is 0. */
export const LpNormalization: OnnxOp = (node) => {
  const {
    g,
    inputs: [x],
    attr,
  } = node;
  const axes = g.ints([axisOf(node, attr.int('axis', -1), rankOf(node, x))]);
  const p = attr.int('p', 2);
  if (p !== 1 && p !== 2) throw node.invalid(`attribute "p" is ${p}, expected 1 or 2`);
  const norm = p === 1 ? g.reduceL1(x, axes, { keep_dims: true }) : g.reduceL2(x, axes, { keep_dims: true });
  return g.divide(x, g.select(g.equal(norm, like(g, x, 0)), like(g, x, 1), norm));
};
