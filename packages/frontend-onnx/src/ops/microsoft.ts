/** Operators of com.microsoft: what ONNX Runtime's optimiser writes. Meaning after its ContribOperators.md. */
import type { Builder, Value } from '@cuvee/core';
import { activationNamed } from '../activations.js';
import {
  channelsFirst,
  channelsLast,
  computedAs,
  counting,
  dimOf,
  i64,
  like,
  listOf,
  rankOf,
  scalarOf,
  sizeAt,
  sizesOf,
  sliced,
  upTo,
} from '../build.js';
import { biased, convolved } from '../convolved.js';
import { altered, takes, type OnnxNode, type OnnxOp } from '../node.js';
import * as attention from './attention.js';
import { CausalConvWithState as CausalConv } from './conv.js';
import * as data from './data.js';
import * as image from './image.js';
import { Gemm } from './linear.js';
import * as quantize from './quantize.js';
import * as shape from './shape.js';

/** The node with the meaning that the operator has in the newest ai.onnx. */
const newest =
  <N extends number>(op: OnnxOp<N>): OnnxOp<N> =>
  (node) =>
    op(altered(node, { version: 28 }));

export const QuantizeLinear = takes('sso>s', newest(quantize.QuantizeLinear));
export const DequantizeLinear = takes('sso>s', newest(quantize.DequantizeLinear));
export const GatherND = takes('ss>s', newest(shape.GatherND));
export const Pad = takes('ssoo>s', newest(shape.Pad));
export const Trilu = takes('so>s', newest(data.Trilu));

/** The step is 1 unless given. */
export const Range: OnnxOp<2> = takes('sso>s', (node) => {
  const { g } = node;
  const [start, limit, delta] = node.inputs;
  return g.range(scalarOf(g, start), scalarOf(g, limit), delta ? scalarOf(g, delta) : g.constant(start.fact.type, [], [1]), {
    output_type: start.fact.type,
  });
});

export const Gelu: OnnxOp = takes('s>s', ({ g, inputs: [x] }) => g.gelu(x, { approximation_mode: 'ERF' }));
export const FastGelu: OnnxOp = takes('so>s', ({ g, inputs: [x, bias] }) =>
  g.gelu(bias ? g.add(x, bias) : x, { approximation_mode: 'TANH' }),
);
export const BiasGelu: OnnxOp<2> = takes('ss>s', ({ g, inputs: [x, bias] }) => g.gelu(g.add(x, bias), { approximation_mode: 'ERF' }));
export const QuickGelu: OnnxOp = takes('s>s', ({ g, inputs: [x], attr }) => g.swish(x, like(g, x, attr.float('alpha', 1.702))));
export const BiasAdd: OnnxOp<3> = takes('sss>s', ({ g, inputs: [x, bias, skip] }) => g.add(g.add(x, bias), skip));

/** The fused activation: one of those that recurrent layers name, or a clamp. */
function activated(node: OnnxNode<2>, x: Value, given: readonly number[]): Value {
  const { g, attr } = node;
  const name = attr.text('activation', '');
  if (name === '') return x;
  const [p, q] = given;
  if (name === 'Clip') return g.clamp(x, { min: p ?? Number.NEGATIVE_INFINITY, max: q ?? Number.POSITIVE_INFINITY });
  const found = activationNamed(name);
  if (!found) throw node.unsupported(`activation ${JSON.stringify(name.slice(0, 40))}`);
  return found.apply(g, x, p ?? found.constants[0] ?? 0, q ?? found.constants[1] ?? 0);
}

export const FusedConv: OnnxOp<2> = takes('ssoo>s', (node) => {
  const { g, attr } = node;
  const [x, filters, bias, added] = node.inputs;
  const y = biased(node, convolved(node, x, filters), bias, rankOf(node, filters) - 2);
  return activated(node, added ? g.add(y, added) : y, attr.floats('activation_params', []));
});

export const FusedGemm: OnnxOp<2> = takes('sso>s', (node) => {
  const { attr } = node;
  const given = ['activation_alpha', 'activation_beta'].filter((name) => attr.has(name)).map((name) => attr.float(name));
  return activated(node, Gemm(altered(node, { version: 13 })) as Value, given);
});

export const FusedMatMul: OnnxOp<2> = takes('ss>s', (node) => {
  const { g, attr } = node;
  const [a, b] = node.inputs;
  // transBatch: the first axis stands before the last one instead
  const batched = (x: Value, name: string): Value => {
    const rank = attr.bool(name) ? rankOf(node, x) : 0;
    return rank < 3 ? x : g.transpose(x, g.ints([...upTo(rank - 1, 1), 0, rank - 1]));
  };
  const product = g.matMul(batched(a, 'transBatchA'), batched(b, 'transBatchB'), {
    transpose_a: attr.bool('transA'),
    transpose_b: attr.bool('transB'),
  });
  const alpha = attr.float('alpha', 1);
  return alpha === 1 ? product : g.multiply(product, like(g, product, alpha));
});

export const TransposeMatMul: OnnxOp<2> = takes('ss>s', FusedMatMul);

/** Normalised last axis, mean and 1 / deviation. */
function layerNormalised({ g }: Pick<OnnxNode, 'g'>, x: Value, epsilon: number): Value {
  return computedAs(g, x, 'f32', (wide) => g.mvn(wide, g.ints([-1]), { normalize_variance: true, eps: epsilon, eps_mode: 'INSIDE_SQRT' }));
}

/** The sum of input, skip and bias, normalised; outputs 0 and 3 are supported. */
export const SkipLayerNormalization: OnnxOp<3> = takes('sssoo>sooo', (node) => {
  const { g, attr } = node;
  const [x, skip, gamma, beta, bias] = node.inputs;
  const sum = bias ? g.add(g.add(x, skip), bias) : g.add(x, skip);
  const scaled = g.multiply(layerNormalised(node, sum, attr.float('epsilon', 1e-12)), gamma);
  return [beta ? g.add(scaled, beta) : scaled, undefined, undefined, sum];
});

/** As SkipLayerNormalization by the root mean square. */
export const SkipSimplifiedLayerNormalization: OnnxOp<3> = takes('ssso>sooo', (node) => {
  const { g, attr } = node;
  const [x, skip, gamma, bias] = node.inputs;
  const sum = bias ? g.add(g.add(x, skip), bias) : g.add(x, skip);
  const y = computedAs(g, sum, 'f32', (wide) =>
    g.divide(
      wide,
      g.sqrt(g.add(g.reduceMean(g.multiply(wide, wide), g.ints([-1]), { keep_dims: true }), like(g, wide, attr.float('epsilon', 1e-12)))),
    ),
  );
  return [g.multiply(y, gamma), undefined, undefined, sum];
});

/** Word, position and segment vectors added and normalised. Inputs: ids, segments, the three tables, gamma, beta, mask, positions. */
export const EmbedLayerNormalization: OnnxOp<4> = takes('sosso2>soo', (node) => {
  const { g } = node;
  const [ids, segments, words, positions, segmentTable, gamma, beta, mask, places] = node.inputs as Embedded;
  if (!gamma || !beta) throw node.invalid('gamma or beta is missing');
  const rows = (table: Value, at: Value): Value => g.gather(table, at, i64(g, 0));
  const placed = g.add(rows(words, ids), rows(positions, places ?? g.unsqueeze(counting(g, sizeAt(g, ids, 1)), g.ints([0]))));
  const all = segments && segmentTable ? g.add(placed, rows(segmentTable, segments)) : placed;
  const y = g.add(g.multiply(layerNormalised(node, all, node.attr.float('epsilon', 1e-12)), gamma), beta);
  return [y, node.wants(1) ? maskLengths(g, mask, ids) : undefined, all];
});

type May = Value | undefined;
type Embedded = readonly [Value, May, Value, Value, ...May[]];

/** How many places of each batch entry a mask opens; 0 without one. */
function maskLengths(g: Builder, mask: Value | undefined, ids: Value): Value {
  if (mask) return g.reduceSum(g.cast(mask, 'i32'), g.ints([1]), { keep_dims: false });
  return g.broadcast(g.constant('i32', [], [0]), sizesOf(g, ids, [0]), undefined, { mode: 'numpy' });
}

export const Inverse: OnnxOp = takes('s>s', ({ g, inputs: [x] }) => g.inverse(x, { adjoint: false }));
export const ExpandDims: OnnxOp<2> = takes('ss>s', ({ g, inputs: [x, axis] }) => g.unsqueeze(x, listOf(g, axis)));
export const GridSample: OnnxOp<2> = takes('ss>s', (node) => image.GridSample(altered(node, { version: 16 })));
export const Unique: OnnxOp = takes('s>soo', (node) => {
  const [y, , places, counts] = node.g.unique(node.inputs[0], undefined, { sorted: false }) as readonly Value[];
  return [y, places, counts];
});

/** A convolution of data whose channels come last. */
const onChannelsLast =
  (op: OnnxOp<2>): OnnxOp<2> =>
  (node) => {
    const [x, filters, bias, added] = node.inputs;
    const first = channelsFirst(node, x);
    const y = op(altered(node, { inputs: [first, filters, bias, added && channelsFirst(node, added)] })) as Value;
    return channelsLast(node.g, y, rankOf(node, x));
  };
export const NhwcConv = takes('sso>s', onChannelsLast(FusedConv));
export const NhwcFusedConv = takes('ssoo>s', onChannelsLast(FusedConv));

/** Groups of channels, which come last, normalised; with `activation` x σ(x) of it. */
export const GroupNorm: OnnxOp<3> = takes('sss>s', (node) => {
  const { g, attr } = node;
  const [x, gamma, beta] = node.inputs;
  const last = attr.bool('channels_last', true);
  const first = last ? channelsFirst(node, x) : x;
  const y = g.groupNormalization(first, gamma, beta, { num_groups: attr.int('groups'), epsilon: attr.float('epsilon', 1e-5) });
  const active = attr.bool('activation') ? g.swish(y, undefined) : y;
  return last ? channelsLast(g, active, rankOf(node, x)) : active;
});

/** GroupNorm of the sum of input, skip [B, …, C] or [B, C] and bias; output 1 is the sum. */
export const SkipGroupNorm: OnnxOp<4> = takes('sssso>so', (node) => {
  const { g } = node;
  const [x, gamma, beta, skip, bias] = node.inputs;
  const wide = rankOf(node, skip) === 2 ? g.unsqueeze(skip, g.ints([1, 2])) : skip;
  const sum = g.add(bias ? g.add(x, bias) : x, wide);
  return [GroupNorm(altered(node, { inputs: [sum, gamma, beta] })) as Value, sum];
});

/** (x + bias) in two halves: the first times Gelu of the second. */
export const BiasSplitGelu: OnnxOp<2> = takes('ss>s', (node) => {
  const { g } = node;
  const [x, bias] = node.inputs;
  const width = dimOf(bias, 0);
  if (width === undefined) throw node.unsupported('a width that only the run tells');
  const sum = g.add(x, bias);
  const half = (i: number): Value => sliced(g, sum, -1, (i * width) / 2, ((i + 1) * width) / 2);
  return g.multiply(half(0), g.gelu(half(1), { approximation_mode: 'ERF' }));
});

/** Distances between all rows of two matrices. */
export const CDist: OnnxOp<2> = takes('ss>s', ({ g, inputs: [a, b], attr }) => {
  const apart = g.subtract(g.unsqueeze(a, g.ints([1])), g.unsqueeze(b, g.ints([0])));
  const squares = g.reduceSum(g.multiply(apart, apart), g.ints([2]), { keep_dims: false });
  return attr.word('metric', ['euclidean', 'sqeuclidean'], 'sqeuclidean') === 'euclidean' ? g.sqrt(squares) : squares;
});

/** What ai.onnx has since version 27. */
export const CausalConvWithState = takes('ssoo>ss', newest(CausalConv));
export const LinearAttention = takes('sssooo>ss', newest(attention.LinearAttention));
