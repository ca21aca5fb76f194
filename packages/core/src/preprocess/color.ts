/** @file Colour formats: how many tensors a picture takes, of which shapes, and the conversions between formats. */
import { CuveeError } from '../errors.js';
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import type { Range } from '../shape/index.js';
import { isInteger } from '../tensor/element.js';
import type { Layout } from './layout.js';
import { channelAxis, rankOf } from './state.js';

/**
 * How a picture's colours are stored. RGBX, BGRX: a fourth channel without meaning. NV12, I420: a plane of luma and chroma halved
 * in both directions (BT.601), in one tensor [N, H·3/2, W, 1] or in two ([N,H,W,1], [N,H/2,W/2,2]) or three ([N,H,W,1] and twice
 * [N,H/2,W/2,1]).
 */
export const colorFormat = {
  UNDEFINED: 'UNDEFINED',
  RGB: 'RGB',
  BGR: 'BGR',
  GRAY: 'GRAY',
  RGBX: 'RGBX',
  BGRX: 'BGRX',
  NV12_SINGLE_PLANE: 'NV12_SINGLE_PLANE',
  NV12_TWO_PLANES: 'NV12_TWO_PLANES',
  I420_SINGLE_PLANE: 'I420_SINGLE_PLANE',
  I420_THREE_PLANES: 'I420_THREE_PLANES',
} as const;
export type ColorFormat = keyof typeof colorFormat;

/** Tensors that a picture of a format takes. */
export const planesOf = (color: ColorFormat): number => (color === 'NV12_TWO_PLANES' ? 2 : color === 'I420_THREE_PLANES' ? 3 : 1);

type Dims = readonly Range[] | undefined;
const times = ([lo, hi]: Range, over: number, under: number): Range =>
  lo === hi ? [Math.floor((lo * over) / under), Math.floor((hi * over) / under)] : [lo, hi];
const exactly = (n: number): Range => [n, n];

/** Shape of one plane of a picture of the given shape. */
export function planeShape(color: ColorFormat, plane: number, picture: Dims, layout: Layout): Dims {
  if (!picture) return undefined;
  const put = (changes: Readonly<Record<number, Range>>): Dims => picture.map((d, i) => changes[i] ?? d);
  if (color === 'RGB' || color === 'BGR') return put({ [layout.axis('C', picture.length, `color format ${color}`)]: exactly(3) });
  if (color === 'UNDEFINED' || color === 'GRAY' || picture.length !== 4) return picture;
  const [, rows, columns] = picture as readonly [Range, Range, Range, Range];
  if (color === 'RGBX' || color === 'BGRX') return put({ 3: exactly(4) });
  if (color.endsWith('SINGLE_PLANE')) return put({ 1: times(rows, 3, 2), 3: exactly(1) });
  if (plane === 0) return put({ 3: exactly(1) });
  return put({ 1: times(rows, 1, 2), 2: times(columns, 1, 2), 3: exactly(color === 'NV12_TWO_PLANES' ? 2 : 1) });
}

/** Planes of one format as a picture of another. Throws ARGUMENT_INVALID for a conversion that there is not. */
export function convertColor(g: Builder, planes: readonly Value[], layout: Layout, from: ColorFormat, to: ColorFormat): readonly Value[] {
  if (from === to) return planes;
  const first = planes[0] as Value;
  const yuv = from.startsWith('NV12') ? 'NV12' : from.startsWith('I420') ? 'I420' : undefined;
  if (yuv && (to === 'RGB' || to === 'BGR')) return g.node(`${yuv}to${to}`, planes);
  if (from === 'NV12_TWO_PLANES' && to === 'GRAY') return [first];
  if ((from === 'RGB' || from === 'BGR') && to === 'GRAY') return [gray(g, first, layout, from)];
  const source = from.slice(0, 3);
  if ((source === 'RGB' || source === 'BGR') && (to === 'RGB' || to === 'BGR')) {
    const colours = from.length === 4 ? withoutLastChannel(g, first, layout) : first;
    return [source === to ? colours : reverseChannels(g, colours, layout)];
  }
  throw new CuveeError('ARGUMENT_INVALID', `source color format '${from}' is not convertible to '${to}'`);
}

/** 0.299 R + 0.587 G + 0.114 B (BT.601), integers rounded half to even. */
function gray(g: Builder, picture: Value, layout: Layout, from: 'RGB' | 'BGR'): Value {
  const type = picture.fact.type;
  const rank = rankOf(picture, 'conversion to GRAY');
  const axis = channelAxis(picture, layout, 'conversion to GRAY');
  const channels = picture.fact.shape?.[axis];
  if (rank !== 4 || channels !== 3)
    throw new CuveeError(
      'ARGUMENT_INVALID',
      `conversion to GRAY needs a picture of 4 axes and 3 channels, got ${picture.partialShape} ${layout}`,
    );
  const weights = [0.299, 0.587, 0.114];
  const float = isInteger(type) ? 'f32' : type;
  const last = axis === 3;
  const planar = last ? g.transpose(picture, g.ints([0, 3, 1, 2])) : picture;
  const filter = g.constant(float, [1, 3, 1, 1], from === 'RGB' ? weights : weights.reverse());
  const mixed = g.convolution(g.cast(planar, float), filter, {
    strides: [1, 1],
    pads_begin: [0, 0],
    pads_end: [0, 0],
    dilations: [1, 1],
  });
  const sum = isInteger(type) ? g.cast(g.round(mixed, { mode: 'half_to_even' }), type) : mixed;
  return last ? g.transpose(sum, g.ints([0, 2, 3, 1])) : sum;
}

function withoutLastChannel(g: Builder, picture: Value, layout: Layout): Value {
  const axis = channelAxis(picture, layout, 'conversion from four channels');
  return g.slice(picture, g.ints([0]), g.ints([-1]), g.ints([1]), g.ints([axis]));
}

/** The channels from the last to the first. Throws ARGUMENT_INVALID when the layout has no channels. */
export function reverseChannels(g: Builder, picture: Value, layout: Layout): Value {
  const axis = channelAxis(picture, layout, 'reverse channels');
  const channels = picture.fact.shape?.[axis];
  if (typeof channels === 'number') {
    const backwards = Array.from({ length: channels }, (_, i) => channels - 1 - i);
    return g.gather(picture, g.ints(backwards), g.scalar(axis, 'i64'));
  }
  return g.reverse(picture, g.ints([axis]), { mode: 'index' });
}
