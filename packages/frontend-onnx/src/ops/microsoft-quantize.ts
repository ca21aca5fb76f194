/** Quantised operators of com.microsoft. Meaning after its ContribOperators.md. */
import { Literal, type Value } from '@cuvee/core';
import { axisOf, like, rankOf, reshaped, scalarOf, upTo } from '../build.js';
import { takes, type OnnxNode, type OnnxOp } from '../node.js';
import * as arithmetic from './arithmetic.js';
import * as microsoft from './microsoft.js';
import * as pooling from './pooling.js';
import * as quantize from './quantize.js';
import * as recurrent from './recurrent.js';

/** Weights of 2, 4 or 8 bits in blocks along K: [N, blocks, bytes]; a block's scale, and its zero point or the middle of the range. */
export const MatMulNBits: OnnxOp<3> = takes('sssooo>s', (node) => {
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
});

/** (x - zero) scale in f32; parameters of one number, or one for each place of the last axis. */
export function dequantised({ g }: Pick<OnnxNode, 'g'>, x: Value, scale: Value, zero: Value | undefined): Value {
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

export const MatMulIntegerToFloat: OnnxOp<4> = takes('ssssooo>s', (node) => {
  const {
    g,
    inputs: [a, b, as, bs, azero, bzero, bias],
  } = node;
  const product = g.matMul(dequantised(node, a, as, azero), dequantised(node, b, bs, bzero), { transpose_a: false, transpose_b: false });
  return bias ? g.add(product, bias) : product;
});

export const DynamicQuantizeMatMul: OnnxOp<3> = takes('sssoo>s', (node) => {
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
});

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
export const QLinearAdd = takes('ssossoso>s', binary(arithmetic.Add));
export const QLinearMul = takes('ssossoso>s', binary(arithmetic.Mul));

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
export const QLinearSigmoid = takes(
  'ssoso>s',
  unary(({ g }, x) => g.sigmoid(x)),
);
export const QLinearLeakyRelu = takes(
  'ssoso>s',
  unary(({ g, attr }, x) => g.pRelu(x, like(g, x, attr.float('alpha', 0.01)))),
);
export const QLinearSoftmax = takes(
  'ssoss>s',
  unary(({ g, attr }, x) => g.softmax(x, { axis: attr.int('axis', -1) })),
);
export const QLinearGlobalAveragePool = takes(
  'sssss>s',
  unary((node, x) => {
    const rank = rankOf(node, x),
      last = node.attr.bool('channels_last');
    return node.g.reduceMean(x, node.g.ints(last ? upTo(rank - 1, 1) : upTo(rank, 2)), { keep_dims: true });
  }),
);

/** Scale and zero point of the output, then each input with its own. */
export const QLinearConcat: OnnxOp<2> = takes('ss1>s', (node) => {
  const { g, inputs, attr } = node;
  const [ys, yz, ...rest] = inputs as readonly Value[] as readonly [Value, Value, ...Value[]];
  if (rest.length === 0 || rest.length % 3 !== 0)
    throw node.invalid(`${rest.length} inputs are no triples of tensor, scale and zero point`);
  const parts = upTo(rest.length / 3).map((i) => dequantised(node, rest[3 * i] as Value, rest[3 * i + 1] as Value, rest[3 * i + 2]));
  return requantised(node, g.concat(parts, { axis: attr.int('axis') }), ys, yz);
});
export const QLinearAveragePool = takes(
  'ssoso>s',
  unary((node, x) => {
    if (node.attr.bool('channels_last')) throw node.unsupported('channels last');
    return pooling.AveragePool({ ...node, version: 19, inputs: [x] }) as Value;
  }),
);
export const QLinearReduceMean = takes(
  'ssoso>s',
  unary((node, x) => {
    const axes = node.attr.has('axes') ? node.attr.ints('axes') : upTo(rankOf(node, x));
    return node.g.reduceMean(x, node.g.ints(axes), { keep_dims: node.attr.bool('keepdims', true) });
  }),
);

/** Where, each side and the output with a scale and a zero point. */
export const QLinearWhere: OnnxOp<4> = takes('sssssssss>s', (node) => {
  const [condition, a, as, az, b, bs, bz, ys, yz] = node.inputs as readonly Value[] as readonly [Value, ...Value[]];
  const side = (x?: Value, scale?: Value, zero?: Value): Value => dequantised(node, x as Value, scale as Value, zero);
  return requantised(node, node.g.select(condition, side(a, as, az), side(b, bs, bz)), ys as Value, yz);
});

/** As ai.onnx has it, and with `channels_last`. */
export const QLinearConv: OnnxOp<4> = takes('sssssssso>s', (node) => {
  const { g, inputs } = node;
  if (!node.attr.bool('channels_last')) return quantize.QLinearConv({ ...node, version: 10 });
  const rank = rankOf(node, inputs[0]);
  const first = g.transpose(inputs[0], g.ints([0, rank - 1, ...upTo(rank - 1, 1)]));
  const y = quantize.QLinearConv({ ...node, version: 10, inputs: [first, ...inputs.slice(1)] } as unknown as OnnxNode<4>) as Value;
  return g.transpose(y, g.ints([0, ...upTo(rank, 2), 1]));
});

/** alpha A B + C, where C counts in units of both scales; to 8 bits when an output scale is given, else f32. */
export const QGemm: OnnxOp<4> = takes('sssssoooo>s', (node) => {
  const { g, inputs, attr } = node;
  const [a, as, az, b, bs, bz, c, ys, yz] = inputs as readonly (Value | undefined)[] as readonly [
    Value,
    Value,
    Value,
    Value,
    Value,
    Value | undefined,
    Value | undefined,
    Value | undefined,
    Value | undefined,
  ];
  const exact = (x: Value, zero: Value | undefined, axis: number): Value => g.cast(quantize.centred(node, x, zero, axis), 'f32');
  const transpose = { transpose_a: attr.bool('transA'), transpose_b: attr.bool('transB') };
  const product = g.matMul(exact(a, az, 0), exact(b, bz, transpose.transpose_b ? 0 : 1), transpose);
  const sum = c ? g.add(product, g.cast(c, 'f32')) : product;
  const unit = g.multiply(g.multiply(scalarOf1(g, as), scalarOf1(g, bs)), g.constant('f32', [], [attr.float('alpha', 1)]));
  return ys && yz ? quantize.rescaled(node, sum, g.divide(unit, scalarOf(g, ys)), scalarOf(g, yz), yz.fact.type) : g.multiply(sum, unit);
});

/** A parameter of one number as that number, any other as it is. */
const scalarOf1 = (g: OnnxNode['g'], x: Value): Value => (x.fact.shape?.every((d) => d === 1) ? scalarOf(g, x) : x);

/** Rows of a table in blocks of 2, 4 or 8 bits along `quantize_axis`, which are packed along the last axis. */
export const GatherBlockQuantized: OnnxOp<3> = takes('ssso>s', (node) => {
  const {
    g,
    inputs: [table, places, scales, zeros],
    attr,
  } = node;
  const stored = table.fact.value,
    rank = rankOf(node, table);
  const [bits, block] = [attr.int('bits', 4), attr.int('block_size', 128)];
  const axis = axisOf(node, attr.int('quantize_axis', 1), rank);
  if (!stored || axis !== rank - 1 || ![2, 4, 8].includes(bits) || block < 1) throw node.unsupported('this layout of the table');
  const width = (stored.shape[rank - 1] as number) * (stored.type === 'u8' ? 8 / bits : 1);
  const blocks = Math.ceil(width / block);
  const gather = axisOf(node, attr.int('gather_axis', 0), rank);
  if (gather === axis) throw node.unsupported('gathering along the quantised axis');
  const own = scales.fact.type;
  const picked = (x: Value): Value => g.gather(x, places, g.constant('i64', [], [gather]));
  const spread = (x: Value): Value => {
    const last = rankOf(node, x);
    const repeated = g.tile(g.unsqueeze(x, g.ints([last])), g.ints([...upTo(last).map(() => 1), block]));
    const flat = g.reshape(repeated, g.ints([...upTo(last - 1).map(() => 0), -1]), { special_zero: true });
    return blocks * block === width ? flat : g.slice(flat, g.ints([0]), g.ints([width]), g.ints([1]), g.ints([last - 1]));
  };
  // packed bytes are picked as they are, and taken apart afterwards
  const real = (x: Value, count: number): Value => g.cast(x.fact.type === 'u8' ? parts(node, picked(x), bits, count) : picked(x), own);
  const values = real(table, width);
  const middle = zeros ? spread(real(zeros, blocks)) : like(g, values, stored.type === 'i4' ? 0 : 2 ** (bits - 1));
  return g.multiply(g.subtract(values, middle), spread(picked(scales)));
});

/** Bytes as the elements of fewer bits that they hold, low bits first, `width` of them along the last axis. */
function parts(node: OnnxNode<3>, bytes: Value, bits: number, width: number): Value {
  if (bits === 8) return bytes;
  const { g } = node;
  const rank = rankOf(node, bytes);
  const u8 = (n: number): Value => g.constant('u8', [], [n]);
  const each = upTo(8 / bits).map((i) => {
    const shifted = i === 0 ? bytes : g.bitwiseRightShift(bytes, u8(i * bits));
    return g.unsqueeze(g.bitwiseAnd(shifted, u8(2 ** bits - 1)), g.ints([rank]));
  });
  const all = g.reshape(g.concat(each, { axis: rank }), g.ints([...upTo(rank - 1).map(() => 0), -1]), { special_zero: true });
  return g.slice(all, g.ints([0]), g.ints([width]), g.ints([1]), g.ints([rank - 1]));
}

/** EmbedLayerNormalization of quantised tables. Inputs 8 to 12 are scales, 13 to 17 zero points. */
export const QEmbedLayerNormalization: OnnxOp<4> = takes('sossossosssssooooo>so', (node) => {
  const [ids, segments, ...rest] = node.inputs as readonly (Value | undefined)[];
  const table = (i: number): Value | undefined => {
    const x = rest[i];
    return x && dequantised(node, x, node.inputs[8 + i] as Value, node.inputs[13 + i]);
  };
  const inputs = [ids, segments, table(0), table(1), table(2), table(3), table(4), node.inputs[7]];
  return microsoft.EmbedLayerNormalization({ ...node, inputs } as unknown as OnnxNode<4>);
});

/** LSTM whose weights are stored [directions, inputs, 4 hidden] in 8 bits, with a scale and a zero point for each direction or column. */
export const DynamicQuantizeLSTM: OnnxOp<3> = takes('sssooooossss>ooo', (node) => {
  const { g, inputs } = node;
  const weights = (i: number, scale: number): Value => {
    const spread = (x: Value): Value => (rankOf(node, x) === 1 ? g.unsqueeze(x, g.ints([1, 2])) : g.unsqueeze(x, g.ints([1])));
    const [s, z] = [spread(inputs[scale] as Value), spread(inputs[scale + 1] as Value)];
    const real = g.multiply(g.subtract(g.cast(inputs[i] as Value, 'f32'), g.cast(z, 'f32')), s);
    return g.transpose(real, g.ints([0, 2, 1]));
  };
  const own = [inputs[0], weights(1, 8), weights(2, 10), ...inputs.slice(3, 8)];
  return recurrent.LSTM({ ...node, version: 7, inputs: own } as unknown as OnnxNode<3>);
});
