/** Operators of com.microsoft: what ONNX Runtime's optimiser writes. Meaning after its ContribOperators.md. */
import { Literal, type Value } from '@cuvee/core';
import { computedAs, dimOf, like, rankOf, reshaped, scalarOf, unsqueezed, upTo } from '../build.js';
import { biased, convolved } from '../convolved.js';
import { bias as maskBias, packed, unpacked } from '../heads.js';
import type { OnnxNode, OnnxOp } from '../node.js';
import * as arithmetic from './arithmetic.js';
import * as data from './data.js';
import { Gemm } from './linear.js';
import * as quantize from './quantize.js';
import * as shape from './shape.js';

/** The node with the meaning that the operator has in the newest ai.onnx. */
const newest =
  <N extends number>(op: OnnxOp<N>): OnnxOp<N> =>
  (node) =>
    op({ ...node, version: 28 });

export const QuantizeLinear = newest(quantize.QuantizeLinear);
export const DequantizeLinear = newest(quantize.DequantizeLinear);
export const GatherND = newest(shape.GatherND);
export const Pad = newest(shape.Pad);
export const Trilu = newest(data.Trilu);

/** The step is 1 unless given. */
export const Range: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [start, limit, delta],
  } = node;
  return g.range(scalarOf(g, start), scalarOf(g, limit), delta ? scalarOf(g, delta) : g.constant(start.fact.type, [], [1]), {
    output_type: start.fact.type,
  });
};

export const Gelu: OnnxOp = ({ g, inputs: [x] }) => g.gelu(x, { approximation_mode: 'ERF' });
export const FastGelu: OnnxOp = ({ g, inputs: [x, bias] }) => g.gelu(bias ? g.add(x, bias) : x, { approximation_mode: 'TANH' });
export const BiasGelu: OnnxOp<2> = ({ g, inputs: [x, bias] }) => g.gelu(g.add(x, bias), { approximation_mode: 'ERF' });
export const QuickGelu: OnnxOp = ({ g, inputs: [x], attr }) => g.swish(x, like(g, x, attr.float('alpha', 1.702)));
export const BiasAdd: OnnxOp<3> = ({ g, inputs: [x, bias, skip] }) => g.add(g.add(x, bias), skip);

const activations: Readonly<Record<string, (node: OnnxNode<2>, x: Value, given: readonly number[]) => Value>> = {
  '': (_, x) => x,
  Relu: ({ g }, x) => g.relu(x),
  Tanh: ({ g }, x) => g.tanh(x),
  Sigmoid: ({ g }, x) => g.sigmoid(x),
  LeakyRelu: ({ g }, x, [alpha = 0.01]) => g.pRelu(x, like(g, x, alpha)),
  Clip: ({ g }, x, [min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY]) => g.clamp(x, { min, max }),
  HardSigmoid: ({ g }, x, [alpha = 0.2, beta = 0.5]) => g.hardSigmoid(x, like(g, x, alpha), like(g, x, beta)),
};

function activated(node: OnnxNode<2>, x: Value, given: readonly number[]): Value {
  const name = node.attr.text('activation', '');
  const apply = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (!apply) throw node.unsupported(`activation ${JSON.stringify(name.slice(0, 40))}`);
  return apply(node, x, given);
}

export const FusedConv: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [x, filters, bias, added],
    attr,
  } = node;
  const y = biased(node, convolved(node, x, filters), bias, rankOf(node, filters) - 2);
  return activated(node, added ? g.add(y, added) : y, attr.floats('activation_params', []));
};

export const FusedGemm: OnnxOp<2> = (node) => {
  const { attr } = node;
  const given = ['activation_alpha', 'activation_beta'].filter((name) => attr.has(name)).map((name) => attr.float(name));
  return activated(node, Gemm({ ...node, version: 13 }) as Value, given);
};

export const FusedMatMul: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [a, b],
    attr,
  } = node;
  if (attr.bool('transBatchA') || attr.bool('transBatchB')) throw node.unsupported('exchanged batch axes');
  const product = g.matMul(a, b, { transpose_a: attr.bool('transA'), transpose_b: attr.bool('transB') });
  const alpha = attr.float('alpha', 1);
  return alpha === 1 ? product : g.multiply(product, like(g, product, alpha));
};

/** Normalised last axis, mean and 1 / deviation. */
function layerNormalised({ g }: Pick<OnnxNode, 'g'>, x: Value, epsilon: number): Value {
  return computedAs(g, x, 'f32', (wide) => g.mvn(wide, g.ints([-1]), { normalize_variance: true, eps: epsilon, eps_mode: 'INSIDE_SQRT' }));
}

/** The sum of input, skip and bias, normalised; outputs 0 and 3 are supported. */
export const SkipLayerNormalization: OnnxOp<3> = (node) => {
  const {
    g,
    inputs: [x, skip, gamma, beta, bias],
    attr,
  } = node;
  const sum = bias ? g.add(g.add(x, skip), bias) : g.add(x, skip);
  const scaled = g.multiply(layerNormalised(node, sum, attr.float('epsilon', 1e-12)), gamma);
  return [beta ? g.add(scaled, beta) : scaled, undefined, undefined, sum];
};

/** As SkipLayerNormalization by the root mean square. */
export const SkipSimplifiedLayerNormalization: OnnxOp<3> = (node) => {
  const {
    g,
    inputs: [x, skip, gamma, bias],
    attr,
  } = node;
  const sum = bias ? g.add(g.add(x, skip), bias) : g.add(x, skip);
  const y = computedAs(g, sum, 'f32', (wide) =>
    g.divide(
      wide,
      g.sqrt(g.add(g.reduceMean(g.multiply(wide, wide), g.ints([-1]), { keep_dims: true }), like(g, wide, attr.float('epsilon', 1e-12)))),
    ),
  );
  return [g.multiply(y, gamma), undefined, undefined, sum];
};

/** Word, position and segment vectors added and normalised. */
export const EmbedLayerNormalization: OnnxOp<4> = (node) => {
  const { g, inputs, attr } = node;
  const [ids, segments, words, positions, segmentTable, gamma, beta, mask, given] = inputs as readonly (Value | undefined)[] as readonly [
    Value,
    Value | undefined,
    Value,
    Value,
    Value | undefined,
    Value | undefined,
    Value | undefined,
    Value | undefined,
    Value | undefined,
  ];
  if (!gamma || !beta) throw node.invalid('gamma or beta is missing');
  const zero = g.constant('i64', [], [0]);
  const length = g.gather(g.shapeOf(ids, { output_type: 'i64' }), g.constant('i64', [], [1]), zero);
  const places = given ?? g.unsqueeze(g.range(zero, length, g.constant('i64', [], [1]), { output_type: 'i64' }), g.ints([0]));
  const sum = g.add(g.gather(words, ids, zero), g.gather(positions, places, zero));
  const all = segments && segmentTable ? g.add(sum, g.gather(segmentTable, segments, zero)) : sum;
  const y = g.add(g.multiply(layerNormalised(node, all, attr.float('epsilon', 1e-12)), gamma), beta);
  if (!node.wants(1)) return [y, undefined, all];
  const counts = mask
    ? g.reduceSum(g.cast(mask, 'i32'), g.ints([1]), { keep_dims: false })
    : g.broadcast(g.constant('i32', [], [0]), g.gather(g.shapeOf(ids, { output_type: 'i64' }), g.ints([0]), zero), undefined, {
        mode: 'numpy',
      });
  return [y, counts, all];
};

/** Weights of 2, 4 or 8 bits in blocks along K: [N, blocks, bytes]; a block's scale, and its zero point or the middle of the range. */
export const MatMulNBits: OnnxOp<3> = (node) => {
  const {
    g,
    inputs: [x, weights, scales, zeros, order, bias],
    attr,
  } = node;
  const [k, n, bits, block] = [attr.int('K'), attr.int('N'), attr.int('bits', 4), attr.int('block_size')];
  if (order) throw node.unsupported('a group index');
  if (![2, 4, 8].includes(bits) || block < 16 || k < 1 || n < 1) throw node.invalid(`bits ${bits}, block_size ${block}, K ${k}, N ${n}`);
  const type = bits === 2 ? 'u2' : bits === 4 ? 'u4' : 'u8';
  const blocks = Math.ceil(k / block);
  const stored = weights.fact.value;
  if (!stored || stored.type !== 'u8') throw node.unsupported('weights that are not constant u8');
  const reread = (literal: Literal, dims: readonly number[]): Value => {
    const source = literal.source ?? { kind: 'bytes' as const, bytes: literal.bytes };
    return g.constant(Literal.at(type, dims, source));
  };
  const own = x.fact.type;
  const wide = g.cast(reread(stored, [n, blocks, block]), own);
  const scale = reshaped(g, scales, [n, blocks, 1]);
  let zero: Value = like(g, x, 2 ** (bits - 1));
  if (zeros?.fact.type === 'u8') {
    if (!zeros.fact.value) throw node.unsupported('zero points that are not constant');
    const perRow = Math.ceil((blocks * bits) / 8) * (8 / bits);
    const padded = g.cast(reread(zeros.fact.value, [n, perRow]), own);
    zero = reshaped(g, perRow === blocks ? padded : g.slice(padded, g.ints([0]), g.ints([blocks]), g.ints([1]), g.ints([1])), [
      n,
      blocks,
      1,
    ]);
  } else if (zeros) zero = reshaped(g, zeros, [n, blocks, 1]);
  const real = reshaped(g, g.multiply(g.subtract(wide, zero), g.cast(scale, own)), [n, blocks * block]);
  const matrix = blocks * block === k ? real : g.slice(real, g.ints([0]), g.ints([k]), g.ints([1]), g.ints([1]));
  const product = g.matMul(x, matrix, { transpose_a: false, transpose_b: true });
  return bias ? g.add(product, bias) : product;
};

/** (x - zero) scale in f32; parameters of one number, or one for each place of the last axis. */
function dequantised({ g }: Pick<OnnxNode, 'g'>, x: Value, scale: Value, zero: Value | undefined): Value {
  const single = (v: Value): Value => (v.fact.shape?.length === 1 && v.fact.shape[0] === 1 ? scalarOf(g, v) : v);
  const wide = g.cast(x, 'f32');
  return g.multiply(zero ? g.subtract(wide, g.cast(single(zero), 'f32')) : wide, g.cast(single(scale), 'f32'));
}

function requantised(node: Pick<OnnxNode, 'g' | 'unsupported'>, y: Value, scale: Value, zero: Value | undefined): Value {
  const { g } = node;
  const type = zero?.fact.type ?? 'u8';
  const range = type === 'u8' ? ([0, 255] as const) : type === 'i8' ? ([-128, 127] as const) : undefined;
  if (!range) throw node.unsupported(`quantising to ${type}`);
  const whole = g.round(g.divide(y, g.cast(scalarOf(g, scale), 'f32')), { mode: 'half_to_even' });
  return g.cast(g.clamp(zero ? g.add(whole, g.cast(scalarOf(g, zero), 'f32')) : whole, { min: range[0], max: range[1] }), type);
}

export const MatMulIntegerToFloat: OnnxOp<4> = (node) => {
  const {
    g,
    inputs: [a, b, as, bs, azero, bzero, bias],
  } = node;
  const product = g.matMul(dequantised(node, a, as, azero), dequantised(node, b, bs, bzero), { transpose_a: false, transpose_b: false });
  return bias ? g.add(product, bias) : product;
};

export const DynamicQuantizeMatMul: OnnxOp<3> = (node) => {
  const {
    g,
    inputs: [a, b, scale, zero, bias],
  } = node;
  const [whole, aScale, aZero] = quantize.DynamicQuantizeLinear({ ...node, inputs: [a] } as OnnxNode) as readonly [Value, Value, Value];
  const product = g.matMul(dequantised(node, whole, aScale, aZero), dequantised(node, b, scale, zero), {
    transpose_a: false,
    transpose_b: false,
  });
  return bias ? g.add(product, bias) : product;
};

type Quantised = readonly [Value, Value, Value | undefined, Value, Value, Value | undefined, Value, Value | undefined];
const binary =
  (apply: OnnxOp<2>): OnnxOp<4> =>
  (node) => {
    const [a, as, az, b, bs, bz, ys, yz] = node.inputs as readonly (Value | undefined)[] as Quantised;
    const y = apply({
      ...node,
      version: 14,
      inputs: [dequantised(node, a, as, az), dequantised(node, b, bs, bz)],
    } as unknown as OnnxNode<2>) as Value;
    return requantised(node, y, ys, yz);
  };
export const QLinearAdd = binary(arithmetic.Add);
export const QLinearMul = binary(arithmetic.Mul);

const unary =
  (apply: (node: OnnxNode, x: Value) => Value): OnnxOp =>
  (node) => {
    const [x, xs, xz, ys, yz] = node.inputs as readonly (Value | undefined)[] as readonly [
      Value,
      Value,
      Value | undefined,
      Value,
      Value | undefined,
    ];
    return requantised(node, apply(node, dequantised(node, x, xs, xz)), ys, yz);
  };
export const QLinearSigmoid = unary(({ g }, x) => g.sigmoid(x));
export const QLinearLeakyRelu = unary(({ g, attr }, x) => g.pRelu(x, like(g, x, attr.float('alpha', 0.01))));
export const QLinearSoftmax = unary(({ g, attr }, x) => g.softmax(x, { axis: attr.int('axis', -1) }));
export const QLinearGlobalAveragePool = unary((node, x) => {
  const rank = rankOf(node, x),
    last = node.attr.bool('channels_last');
  return node.g.reduceMean(x, node.g.ints(last ? upTo(rank - 1, 1) : upTo(rank, 2)), { keep_dims: true });
});

/** Scale and zero point of the output, then each input with its own. */
export const QLinearConcat: OnnxOp<2> = (node) => {
  const { g, inputs, attr } = node;
  const [ys, yz, ...rest] = inputs as readonly Value[] as readonly [Value, Value, ...Value[]];
  if (rest.length === 0 || rest.length % 3 !== 0)
    throw node.invalid(`${rest.length} inputs are no triples of tensor, scale and zero point`);
  const parts = upTo(rest.length / 3).map((i) => dequantised(node, rest[3 * i] as Value, rest[3 * i + 1] as Value, rest[3 * i + 2]));
  return requantised(node, g.concat(parts, { axis: attr.int('axis') }), ys, yz);
};

/** Query, key, value [batch, length, heads · size], an optional bias of all three, masks and a cache. */
export const MultiHeadAttention: OnnxOp = (node) => {
  const { g, inputs, attr } = node;
  const [query, key, value, bias, padding, added, pastKey, pastValue] = inputs as readonly (Value | undefined)[] as readonly [
    Value,
    ...(Value | undefined)[],
  ];
  if (!key || !value || rankOf(node, query) !== 3) throw node.unsupported('packed queries, keys and values');
  const heads = attr.int('num_heads'),
    hidden = dimOf(query, 2);
  if (heads < 1 || hidden === undefined) throw node.unsupported(`${heads} heads of ${hidden ?? 'unknown'} features`);
  const keyWidth = dimOf(key, 2),
    valueWidth = dimOf(value, -1);
  const part = (x: Value, from: number, width: number | undefined): Value =>
    bias && width !== undefined ? g.add(x, g.slice(bias, g.ints([from]), g.ints([from + width]), g.ints([1]), g.ints([0]))) : x;
  const split = (x: Value): Value => (rankOf(node, x) === 4 ? x : unpacked(g, x, heads));
  const q = split(part(query, 0, hidden));
  const newKey = split(rankOf(node, key) === 3 ? part(key, hidden, keyWidth) : key);
  const newValue = split(rankOf(node, value) === 3 ? part(value, hidden + (keyWidth ?? 0), valueWidth) : value);
  const k = pastKey ? g.concat([pastKey, newKey], { axis: 2 }) : newKey,
    v = pastValue ? g.concat([pastValue, newValue], { axis: 2 }) : newValue;
  const scale = attr.float('scale', 0);
  let scores = g.multiply(
    g.matMul(q, k, { transpose_a: false, transpose_b: true }),
    like(g, q, scale === 0 ? 1 / Math.sqrt(hidden / heads) : scale),
  );
  if (padding) {
    if (rankOf(node, padding) !== 2) throw node.unsupported('a mask that is not [batch, length]');
    const open = g.notEqual(padding, like(g, padding, 0));
    scores = g.add(scores, unsqueezed(g, maskBias(g, open, scores), [1, 2]));
  }
  if (added) scores = g.add(scores, added);
  if (attr.bool('unidirectional')) throw node.unsupported('unidirectional attention');
  const mixed = g.matMul(g.softmax(scores, { axis: -1 }), v, { transpose_a: false, transpose_b: false });
  return [packed(g, mixed), node.wants(1) ? k : undefined, node.wants(2) ? v : undefined];
};

/** Positions come before the tables, and may be one number from which they count. */
export const RotaryEmbedding: OnnxOp<4> = (node) => {
  const {
    g,
    inputs: [x, positions, cos, sin],
    attr,
  } = node;
  if (rankOf(node, positions) !== 2) throw node.unsupported('a first position');
  const rank = rankOf(node, x),
    half = dimOf(cos, 1),
    width = dimOf(x, rank - 1);
  if (half === undefined || width === undefined) throw node.unsupported('tables of unknown size');
  if (attr.int('rotary_embedding_dim', 0) !== 0) throw node.unsupported('partial rotation');
  const heads = rank === 4 ? undefined : attr.int('num_heads', 0) || width / (2 * half);
  const split = heads === undefined ? x : unpacked(g, x, heads);
  const angle = (table: Value): Value => g.unsqueeze(g.gather(table, positions, g.constant('i64', [], [0])), g.ints([1]));
  const [c, s] = [angle(cos), angle(sin)];
  const end = Number.MAX_SAFE_INTEGER,
    interleaved = attr.bool('interleaved');
  const pick = (i: number): Value =>
    interleaved
      ? g.slice(split, g.ints([i]), g.ints([end]), g.ints([2]), g.ints([3]))
      : g.slice(split, g.ints([i * half]), g.ints([(i + 1) * half]), g.ints([1]), g.ints([3]));
  const [a, b] = [pick(0), pick(1)];
  const real = g.subtract(g.multiply(a, c), g.multiply(b, s)),
    imaginary = g.add(g.multiply(a, s), g.multiply(b, c));
  const joined = interleaved
    ? g.reshape(g.concat([unsqueezed(g, real, [4]), unsqueezed(g, imaginary, [4])], { axis: 4 }), g.ints([0, 0, 0, 2 * half]), {
        special_zero: true,
      })
    : g.concat([real, imaginary], { axis: 3 });
  return heads === undefined ? joined : packed(g, joined);
};
