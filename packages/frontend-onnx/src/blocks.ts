/** Weights of few bits in blocks along their last axis, each block with a scale, and a zero point or the middle of the range. */
import { Literal, type ElementType, type Value } from '@cuvee/core';
import { i64, like, reshaped, sliced, upTo, type AnyNode } from './build.js';

/** A matrix [rows, columns] in blocks of `block` columns, `count` of them in a row. */
export interface Blocks {
  readonly rows: number;
  readonly columns: number;
  readonly bits: number;
  readonly block: number;
  readonly count: number;
}

const types: Readonly<Record<number, ElementType>> = { 2: 'u2', 4: 'u4', 8: 'u8' };

/** The blocks of a node's attributes. Throws MODEL_INVALID for numbers that are none. */
export function blocksOf({ attr, invalid }: AnyNode): Blocks {
  const [columns, rows, bits, block] = [attr.int('K'), attr.int('N'), attr.int('bits', 4), attr.int('block_size')];
  if (!types[bits] || block < 16 || columns < 1 || rows < 1) throw invalid(`bits ${bits}, block_size ${block}, K ${columns}, N ${rows}`);
  return { rows, columns, bits, block, count: Math.ceil(columns / block) };
}

/** The bytes of a constant as elements of `bits` bits. Throws MODEL_UNSUPPORTED for what is no constant of bytes. */
function reread({ g, unsupported }: AnyNode, x: Value, bits: number, dims: readonly number[]): Value {
  const literal = x.fact.value;
  if (!literal || literal.type !== 'u8') throw unsupported('weights or zero points that are not constant u8');
  const source = literal.source ?? { kind: 'bytes' as const, bytes: literal.bytes };
  return g.constant(Literal.at(types[bits] as ElementType, dims, source));
}

/** [rows, count, 1]: zero points packed row by row, or given as numbers; the middle of the range where there are none. */
function zeroPoints(node: AnyNode, zeros: Value | undefined, scale: Value, { rows, bits, count }: Blocks): Value {
  const { g } = node;
  if (!zeros) return like(g, scale, 2 ** (bits - 1));
  if (zeros.fact.type !== 'u8') return reshaped(g, zeros, [rows, count, 1]);
  const inRow = Math.ceil((count * bits) / 8) * (8 / bits);
  const padded = g.cast(reread(node, zeros, bits, [rows, inRow]), scale.fact.type);
  return reshaped(g, inRow === count ? padded : sliced(g, padded, 1, 0, count), [rows, count, 1]);
}

/** What a node gives for its weights: bytes, scales and zero points of the blocks, and the block of each column, where they are not in order. */
export interface StoredBlocks {
  readonly weights: Value;
  readonly scales: Value;
  readonly zeros: Value | undefined;
  readonly order: Value | undefined;
}

/** [rows, columns]: the numbers that weights [rows, count, bytes] stand for, in `type`. */
export function dequantisedBlocks(
  node: AnyNode,
  layout: Blocks,
  { weights, scales, zeros, order }: StoredBlocks,
  type: ElementType,
): Value {
  const { g } = node;
  const { rows, columns, bits, block, count } = layout;
  const scale = g.cast(reshaped(g, scales, [rows, count, 1]), type);
  const wide = g.cast(reread(node, weights, bits, [rows, count, block]), type);
  const zero = zeroPoints(node, zeros, scale, layout);
  const whole = (x: Value): Value => {
    const flat = reshaped(g, x, [rows, count * block]);
    return count * block === columns ? flat : sliced(g, flat, 1, 0, columns);
  };
  if (!order) return whole(g.multiply(g.subtract(wide, zero), scale));
  const ofColumn = (x: Value): Value => (x.fact.shape?.length === 0 ? x : g.gather(reshaped(g, x, [rows, count]), order, i64(g, 1)));
  return g.multiply(g.subtract(whole(wide), ofColumn(zero)), ofColumn(scale));
}

/** Bytes as the elements of fewer bits that they hold, low bits first, `width` of them along the last of `rank` axes. */
export function unpackedBits({ g }: AnyNode, bytes: Value, bits: number, width: number, rank: number): Value {
  if (bits === 8) return bytes;
  const u8 = (n: number): Value => g.constant('u8', [], [n]);
  const each = upTo(8 / bits).map((i) => {
    const shifted = i === 0 ? bytes : g.bitwiseRightShift(bytes, u8(i * bits));
    return g.unsqueeze(g.bitwiseAnd(shifted, u8(2 ** bits - 1)), g.ints([rank]));
  });
  return cut(g, g.concat(each, { axis: rank }), width, rank);
}

/** Each element of the last of `rank` axes `block` times in a row, `width` of them. */
export function spreadBlocks({ g }: AnyNode, x: Value, block: number, width: number, rank: number): Value {
  return cut(g, g.tile(g.unsqueeze(x, g.ints([rank])), g.ints([...upTo(rank).map(() => 1), block])), width, rank);
}

/** The last two of `rank` + 1 axes as one, and of that the first `width` places. */
function cut(g: AnyNode['g'], x: Value, width: number, rank: number): Value {
  const flat = g.reshape(x, g.ints([...upTo(rank - 1).map(() => 0), -1]), { special_zero: true });
  return sliced(g, flat, rank - 1, 0, width);
}

/** What the 16 codes of bitsandbytes stand for: quantiles of the normal distribution (Dettmers et al. 2023), and a float of 4 bits. */
export const nf4 = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0,
  0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
  0.7229568362236023, 1,
];
const magnitudes = [0, 0.0625 / 12, 8 / 12, 1, 4 / 12, 6 / 12, 2 / 12, 3 / 12];
export const fp4 = [...magnitudes, ...magnitudes.map((x) => -x)];

/** The 4-bit codes of constant bytes, the higher half of each first, as i32. */
export function swappedNibbles({ g, unsupported }: AnyNode, x: Value, count: number): Value {
  const literal = x.fact.value;
  if (!literal || literal.type !== 'u8') throw unsupported('weights that are not constant u8');
  const bytes = Uint8Array.from(literal.bytes, (byte) => ((byte & 15) << 4) | (byte >> 4));
  return g.cast(g.constant(Literal.at('u4', [count], { kind: 'bytes', bytes })), 'i32');
}
