/** Normalisations. */
import type { Value } from '@cuvee/core';
import { axisOf, dimOf, like, rankOf, reshaped, shapeOf, upTo, type AnyNode } from '../build.js';
import { takes, type OnnxNode, type OnnxOp } from '../node.js';

/** [C] as [1, C, 1, …], to broadcast over a tensor of `rank` axes. */
const perChannel = (node: AnyNode, x: Value, rank: number): Value =>
  x.fact.shape?.length === 1 ? reshaped(node.g, x, [1, -1, ...upTo(rank - 2).map(() => 1)]) : x;

/** (x - mean) / √(variance + ε) with the moments of the given axes. */
const standardised = (g: AnyNode['g'], x: Value, axes: readonly number[], epsilon: number): Value =>
  g.mvn(x, g.ints(axes), { normalize_variance: true, eps: epsilon, eps_mode: 'INSIDE_SQRT' });

/** Inference from the running moments; with `training_mode` (14) from the batch's own, which also move the running ones. */
export const BatchNormalization: OnnxOp<4> = (node) => {
  const { g, attr, version } = node;
  const [x, ...parameters] = node.inputs;
  const epsilon = attr.float('epsilon', 1e-5);
  if (version < 9 && !attr.bool('spatial', true)) return placesNormalised(node, epsilon);
  const told = version >= 14 ? attr.bool('training_mode') : version < 7 && attr.has('is_test') && !attr.bool('is_test');
  if (told || (version < 14 && node.wants(1))) return batchNormalised(node, epsilon);
  const [scale, bias, mean, variance] = parameters.map((v) => g.cast(v as Value, x.fact.type)) as [Value, Value, Value, Value];
  return g.batchNormInference(x, scale, bias, mean, variance, { epsilon });
};

/** Each place has moments of its own. */
function placesNormalised({ g, inputs }: OnnxNode<4>, epsilon: number): Value {
  const [x, ...parameters] = inputs;
  const [scale, bias, mean, variance] = parameters.map((v) => g.unsqueeze(v as Value, g.ints([0]))) as [Value, Value, Value, Value];
  const root = g.sqrt(g.add(variance, like(g, x, epsilon)));
  return g.add(g.multiply(g.divide(g.subtract(x, mean), root), scale), bias);
}

/** By the moments of the batch; outputs 1 and 2 are the running ones moved towards them. */
function batchNormalised(node: OnnxNode<4>, epsilon: number): readonly (Value | undefined)[] {
  const { g, attr } = node;
  const [x, scale, bias, mean, variance] = node.inputs;
  const rank = rankOf(node, x);
  const axes = g.ints([0, ...upTo(rank, 2)]);
  const batchMean = g.reduceMean(x, axes, { keep_dims: false });
  const centred = g.subtract(x, perChannel(node, batchMean, rank));
  const batchVariance = g.reduceMean(g.multiply(centred, centred), axes, { keep_dims: false });
  const root = g.sqrt(g.add(perChannel(node, batchVariance, rank), like(g, x, epsilon)));
  const y = g.add(g.multiply(g.divide(centred, root), perChannel(node, scale, rank)), perChannel(node, bias, rank));
  const momentum = attr.float('momentum', 0.9);
  const moved = (running: Value, batch: Value): Value =>
    g.add(g.multiply(running, like(g, running, momentum)), g.multiply(g.cast(batch, running.fact.type), like(g, running, 1 - momentum)));
  return [y, node.wants(1) ? moved(mean, batchMean) : undefined, node.wants(2) ? moved(variance as Value, batchVariance) : undefined];
}

export const InstanceNormalization: OnnxOp<3> = (node) => {
  const [x, scale, bias] = node.inputs;
  return affine(node, standardised(node.g, x, upTo(rankOf(node, x), 2), node.attr.float('epsilon', 1e-5)), scale, bias);
};

/** The moments of all axes from `axis` on, computed in f32 where the input is narrower (`stash_type`). */
export const LayerNormalization: OnnxOp<2> = (node) => {
  const { g, attr } = node;
  const [input, scale, bias] = node.inputs;
  const axes = normalisedAxes(node, input);
  const x = stashed(node, input);
  const epsilon = attr.float('epsilon', 1e-5);
  const moments = node.wants(1) || node.wants(2) ? momentsOf(g, x, axes, epsilon) : undefined;
  const standard = moments ? g.multiply(moments.centred, moments.inverse) : standardised(g, x, axes, epsilon);
  const scaled = g.multiply(g.cast(standard, input.fact.type), scale);
  return [bias ? g.add(scaled, bias) : scaled, moments?.mean, moments?.inverse];
};

/** All axes from `axis` on. */
function normalisedAxes(node: OnnxNode<2>, x: Value): readonly number[] {
  const rank = rankOf(node, x);
  return upTo(rank, axisOf(node, node.attr.int('axis', -1), rank));
}

/** An input of fewer bits in `stash_type`. */
function stashed({ g, attr }: AnyNode, x: Value): Value {
  const narrow = x.fact.type === 'f16' || x.fact.type === 'bf16';
  return narrow ? g.cast(x, attr.elementType('stash_type', 'f32')) : x;
}

/** The mean, x less it, and 1 / √(variance + ε) of some axes. */
function momentsOf(g: AnyNode['g'], x: Value, axes: readonly number[], epsilon: number) {
  const mean = g.reduceMean(x, g.ints(axes), { keep_dims: true });
  const centred = g.subtract(x, mean);
  const variance = g.reduceMean(g.multiply(centred, centred), g.ints(axes), { keep_dims: true });
  return { mean, centred, inverse: g.divide(like(g, x, 1), g.sqrt(g.add(variance, like(g, x, epsilon)))) };
}

/** x / √(mean of x² + ε) · scale */
export const RMSNormalization: OnnxOp<2> = (node) => {
  const { g, attr } = node;
  const [input, scale] = node.inputs;
  const own = input.fact.type;
  const x = stashed(node, input);
  const square = g.reduceMean(g.multiply(x, x), g.ints(normalisedAxes(node, input)), { keep_dims: true });
  const y = g.divide(x, g.sqrt(g.add(square, like(g, x, attr.float('epsilon', 1e-5)))));
  return g.multiply(g.cast(y, own), g.cast(scale, own));
};

/** What ONNX Runtime writes into ai.onnx for RMSNormalization. */
export const SimplifiedLayerNormalization: OnnxOp<2> = takes('ss>so', RMSNormalization);

/** GroupNormalization-18 scales each group, 21 each channel. */
export const GroupNormalization: OnnxOp<3> = (node) => {
  const { g, attr, version } = node;
  const [input, scale, bias] = node.inputs;
  const [channels, groups] = [dimOf(input, 1), attr.int('num_groups')];
  if (groups < 1 || (channels !== undefined && channels % groups !== 0))
    throw node.invalid(`${channels ?? '?'} channels cannot be divided into ${groups} groups`);
  const x = version >= 21 ? stashed(node, input) : input;
  const split = g.reshape(x, g.ints([0, groups, -1]), { special_zero: true });
  const standard = standardised(g, split, [2], attr.float('epsilon', 1e-5));
  const whole = (y: Value): Value => g.reshape(y, shapeOf(g, x), { special_zero: false });
  const byGroup = version < 21 && groups !== channels && dimOf(scale, 0) === groups;
  return byGroup ? whole(affine(node, standard, scale, bias)) : affine(node, g.cast(whole(standard), input.fact.type), scale, bias);
};

/** Scale and bias by axis 1. */
function affine(node: AnyNode, x: Value, scale: Value, bias: Value): Value {
  const rank = rankOf(node, x);
  return node.g.add(node.g.multiply(x, perChannel(node, scale, rank)), perChannel(node, bias, rank));
}

export const MeanVarianceNormalization: OnnxOp = (node) => {
  const { g, attr } = node;
  const [x] = node.inputs;
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
  const { g, attr } = node;
  const [x] = node.inputs;
  const axes = g.ints([axisOf(node, attr.int('axis', -1), rankOf(node, x))]);
  const p = attr.int('p', 2);
  if (p !== 1 && p !== 2) throw node.invalid(`attribute "p" is ${p}, expected 1 or 2`);
  const norm = p === 1 ? g.reduceL1(x, axes, { keep_dims: true }) : g.reduceL2(x, axes, { keep_dims: true });
  return g.divide(x, g.select(g.equal(norm, like(g, x, 0)), like(g, x, 1), norm));
};
