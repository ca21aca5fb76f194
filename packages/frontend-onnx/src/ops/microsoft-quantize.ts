/** Quantised operators of com.microsoft. Meaning after its ContribOperators.md. */
import type { Value } from '@cuvee/core';
import { blocksOf, dequantisedBlocks, fp4, nf4, spreadBlocks, swappedNibbles, unpackedBits } from '../blocks.js';
import { axisOf, channelsFirst, channelsLast, f32, i64, like, productOfSizes, rankOf, scalarOf, times, timesRows, upTo } from '../build.js';
import { layer } from '../layers.js';
import { altered, takes, type OnnxNode, type OnnxOp } from '../node.js';
import * as arithmetic from './arithmetic.js';
import * as microsoft from './microsoft.js';
import * as pooling from './pooling.js';
import * as quantize from './quantize.js';
import * as recurrent from './recurrent.js';

/** x Wᵀ + bias with weights of 2, 4 or 8 bits in blocks along K, [N, blocks, bytes], or the columns in blocks that a list names. */
export const MatMulNBits: OnnxOp<3> = takes('sssooo>s', (node) => {
  const [x, weights, scales, zeros, order, bias] = node.inputs;
  const product = timesRows(node.g, x, dequantisedBlocks(node, blocksOf(node), { weights, scales, zeros, order }, x.fact.type));
  return bias ? node.g.add(product, bias) : product;
});

/** x Wᵀ with weights [N, K] of 4 bits, the first of two in the higher ones, that stand for 16 numbers; blocks share a largest magnitude. */
export const MatMulBnb4: OnnxOp<3> = takes('sss>s', (node) => {
  const { g, attr } = node;
  const [x, weights, largest] = node.inputs;
  const [k, n, block] = [attr.int('K'), attr.int('N'), attr.int('block_size')];
  const nibbles = swappedNibbles(node, weights, n * k);
  const numbers = g.gather(g.constant('f32', [16], attr.int('quant_type') === 0 ? fp4 : nf4), nibbles, i64(g, 0));
  const real = g.multiply(numbers, spreadBlocks(node, largest, block, n * k, 1));
  return timesRows(g, x, g.reshape(g.cast(real, x.fact.type), g.ints([n, k]), { special_zero: false }));
});

/** MaxPool of 8-bit data whose channels come last. */
export const NhwcMaxPool: OnnxOp = takes('s>s', (node) => {
  const first = channelsFirst(node, node.inputs[0]);
  const [y] = pooling.MaxPool(altered(node, { version: 12, inputs: [first] })) as readonly [Value];
  return channelsLast(node.g, y, rankOf(node, node.inputs[0]));
});

export const MatMulInteger16: OnnxOp<2> = takes('ss>s', ({ g, inputs: [a, b] }) => times(g, g.cast(a, 'i32'), g.cast(b, 'i32')));

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
  const { g } = node;
  const [a, b, as, bs, azero, bzero, bias] = node.inputs;
  const product = times(g, dequantised(node, a, as, azero), dequantised(node, b, bs, bzero));
  return bias ? g.add(product, bias) : product;
});

export const DynamicQuantizeMatMul: OnnxOp<3> = takes('sssoo>s', (node) => {
  const { g } = node;
  const [a, b, scale, zero, bias] = node.inputs;
  const [whole, aScale, aZero] = quantize.DynamicQuantizeLinear(altered(node, { inputs: [a] })) as readonly [Value, Value, Value];
  const product = times(g, dequantised(node, whole, aScale, aZero), dequantised(node, b, scale, zero));
  return bias ? g.add(product, bias) : product;
});

type Quantised = readonly [Value, Value, Value | undefined, Value, Value, Value | undefined, Value, Value | undefined];
const binary =
  (apply: OnnxOp<2>): OnnxOp<4> =>
  (node) => {
    const [a, as, az, b, bs, bz, ys, yz] = node.inputs as readonly (Value | undefined)[] as Quantised;
    const y = apply(altered(node, { version: 14, inputs: [dequantised(node, a, as, az), dequantised(node, b, bs, bz)] })) as Value;
    return requantised(node, y, ys, yz);
  };
export const QLinearAdd = takes('ssossoso>s', binary(arithmetic.Add));
export const QLinearMul = takes('ssossoso>s', binary(arithmetic.Mul));

type Unary = readonly [Value, Value, Value | undefined, Value, Value | undefined];
const unary =
  (apply: (node: OnnxNode, x: Value) => Value): OnnxOp =>
  (node) => {
    const [x, xs, xz, ys, yz] = node.inputs as readonly (Value | undefined)[] as Unary;
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
/** An exact sum, and one factor for both scales and the number of places. */
export const QLinearGlobalAveragePool: OnnxOp<5> = takes('sssss>s', (node) => {
  const { g } = node;
  const [x, xs, xz, ys, yz] = node.inputs;
  const rank = rankOf(node, x);
  const axes = node.attr.bool('channels_last') ? upTo(rank - 1, 1) : upTo(rank, 2);
  const sum = g.reduceSum(g.cast(quantize.centred(node, x, xz, undefined), 'f32'), g.ints(axes), { keep_dims: true });
  const count = g.cast(scalarOf(g, productOfSizes(g, x, axes)), 'f32');
  const ratio = g.divide(scalarOf(g, xs), g.multiply(scalarOf(g, ys), count));
  return quantize.rescaled(node, sum, ratio, scalarOf(g, yz), yz.fact.type);
});

/** Scale and zero point of the output, then each input with its own. */
export const QLinearConcat: OnnxOp<2> = takes('ss1>s', (node) => {
  const { g, inputs, attr } = node;
  const [ys, yz, ...rest] = inputs as readonly Value[] as readonly [Value, Value, ...Value[]];
  if (rest.length === 0 || rest.length % 3 !== 0)
    throw node.invalid(`${rest.length} inputs are no triples of tensor, scale and zero point`);
  const parts = upTo(rest.length / 3).map((i) => dequantised(node, rest[3 * i] as Value, rest[3 * i + 1] as Value, rest[3 * i + 2]));
  return requantised(node, g.concat(parts, { axis: attr.int('axis') }), ys, yz);
});
/** Means of exact integers, and one factor for both scales. */
export const QLinearAveragePool: OnnxOp<4> = takes('ssoso>s', (node) => {
  const { g } = node;
  const [x, xs, xz, ys, yz] = node.inputs as readonly (Value | undefined)[] as Unary;
  if (node.attr.bool('channels_last')) throw node.unsupported('channels last');
  const whole = g.cast(quantize.centred(node, x, xz, undefined), 'f32');
  const mean = pooling.AveragePool(altered(node, { version: 19, inputs: [whole] })) as Value;
  const zero = yz ? scalarOf(g, yz) : g.constant(x.fact.type, [], [0]);
  return quantize.rescaled(node, mean, g.divide(scalarOf(g, xs), scalarOf(g, ys)), zero, x.fact.type);
});
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
export const QLinearConv: OnnxOp<8> = takes('sssssssso>s', (node) => {
  const { g, inputs } = node;
  const plain = (x: Value): Value => quantize.QLinearConv(altered(node, { version: 10, inputs: [x, ...rest] })) as Value;
  const [x, ...rest] = inputs;
  return node.attr.bool('channels_last') ? channelsLast(g, plain(channelsFirst(node, x)), rankOf(node, x)) : plain(x);
});

/** alpha A B + C, where C counts in units of both scales; to 8 bits when an output scale is given, else f32. */
export const QGemm: OnnxOp<5> = takes('sssssoooo>s', (node) => {
  const { g, attr } = node;
  const [a, as, az, b, bs, bz, c, ys, yz] = node.inputs;
  const exact = (x: Value, zero: Value | undefined, axis: number): Value => g.cast(quantize.centred(node, x, zero, axis), 'f32');
  const transpose = { transpose_a: attr.bool('transA'), transpose_b: attr.bool('transB') };
  const product = g.matMul(exact(a, az, 0), exact(b, bz, transpose.transpose_b ? 0 : 1), transpose);
  const sum = c ? g.add(product, g.cast(c, 'f32')) : product;
  const unit = g.multiply(g.multiply(oneOf(g, as), oneOf(g, bs)), f32(g, attr.float('alpha', 1)));
  return ys && yz ? quantize.rescaled(node, sum, g.divide(unit, scalarOf(g, ys)), scalarOf(g, yz), yz.fact.type) : g.multiply(sum, unit);
});

/** A parameter of one number as that number, any other as it is. */
const oneOf = (g: OnnxNode['g'], x: Value): Value => (x.fact.shape && quantize.isOne(x) ? scalarOf(g, x) : x);

/** Rows of a table in blocks of 2, 4 or 8 bits along `quantize_axis`, which are packed along the last axis. */
export const GatherBlockQuantized: OnnxOp<3> = takes('ssso>s', (node) => {
  const { g } = node;
  const [table, places, scales, zeros] = node.inputs;
  const { axis, bits, block, width, middle } = tableOf(node, table);
  const rank = rankOf(node, table) + rankOf(node, places) - 1;
  const rows = (x: Value): Value => g.gather(x, places, i64(g, axis));
  // packed bytes are picked as they are, and taken apart afterwards
  const real = (x: Value, count: number): Value =>
    g.cast(x.fact.type === 'u8' ? unpackedBits(node, rows(x), bits, count, rank) : rows(x), scales.fact.type);
  const spread = (x: Value): Value => spreadBlocks(node, x, block, width, rank);
  const values = real(table, width);
  const zero = zeros ? spread(real(zeros, Math.ceil(width / block))) : like(g, values, middle);
  return g.multiply(g.subtract(values, zero), spread(rows(scales)));
});

/** The layout of a table: the axis that is gathered, bits, block and width of a row, and what stands for 0 unless told. */
function tableOf(node: OnnxNode<3>, table: Value) {
  const { attr } = node;
  const stored = table.fact.value;
  const rank = rankOf(node, table);
  const [bits, block] = [attr.int('bits', 4), attr.int('block_size', 128)];
  const axis = axisOf(node, attr.int('gather_axis', 0), rank);
  if (!stored || axisOf(node, attr.int('quantize_axis', 1), rank) !== rank - 1 || ![2, 4, 8].includes(bits) || block < 1)
    throw node.unsupported('this layout of the table');
  if (axis === rank - 1) throw node.unsupported('gathering along the quantised axis');
  const width = (stored.shape[rank - 1] as number) * (stored.type === 'u8' ? 8 / bits : 1);
  return { axis, bits, block, width, middle: stored.type === 'i4' ? 0 : 2 ** (bits - 1) };
}

/** EmbedLayerNormalization of quantised tables. Inputs 8 to 12 are scales, 13 to 17 zero points. */
export const QEmbedLayerNormalization: OnnxOp<4> = takes('sossossosssssooooo>so', (node) => {
  const [ids, segments, ...rest] = node.inputs as readonly (Value | undefined)[];
  const table = (i: number): Value | undefined => {
    const x = rest[i];
    return x && dequantised(node, x, node.inputs[8 + i] as Value, node.inputs[13 + i]);
  };
  const inputs = [ids, segments, table(0), table(1), table(2), table(3), table(4), node.inputs[7]];
  return microsoft.EmbedLayerNormalization(altered(node, { inputs }));
});

/**
 * LSTM whose weights are stored [directions, inputs, 4 hidden] in 8 bits, with a scale and a zero point for each direction or column;
 * what they multiply is quantised as it comes.
 */
export const DynamicQuantizeLSTM: OnnxOp<3> = takes('sssooooossss>ooo', (node) => {
  const { g, inputs } = node;
  const weights = (i: number, scale: number): Value => {
    const spread = (x: Value): Value => (rankOf(node, x) === 1 ? g.unsqueeze(x, g.ints([1, 2])) : g.unsqueeze(x, g.ints([1])));
    const [s, z] = [spread(inputs[scale] as Value), spread(inputs[scale + 1] as Value)];
    const real = g.multiply(g.subtract(g.cast(inputs[i] as Value, 'f32'), g.cast(z, 'f32')), s);
    return g.transpose(real, g.ints([0, 2, 1]));
  };
  const lstm = altered<3>(node, { version: 7, inputs: [inputs[0], weights(1, 8), weights(2, 10), ...inputs.slice(3, 8)] });
  return layer(lstm, { ...recurrent.lstmLayer(lstm), read: quantize.roundTrip });
});
