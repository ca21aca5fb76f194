/** @file Pixels to elements and back. Decoding of files is not core's: see `runtime/pictures.ts`. */
import { CuveeError } from '../errors.js';
import { toElements, encode, type Elements } from './convert.js';
import type { ElementType, Storage } from './element.js';

/** Pixels in RGBA order, four bytes each, rows from the top: what a canvas calls ImageData. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

export interface PictureOptions {
  /** u8 unless given; values stay 0…255 in every type. */
  readonly type?: ElementType;
  /** Order of the dimensions, NHWC unless given; N is 1. */
  readonly layout?: 'NHWC' | 'NCHW';
  /** RGB unless given. `gray` is Rec. 601 luma, rounded. */
  readonly channels?: 'RGB' | 'RGBA' | 'BGR' | 'gray';
}

/** Where each channel is within a pixel; luma is computed. */
const order = { RGB: [0, 1, 2], RGBA: [0, 1, 2, 3], BGR: [2, 1, 0], gray: [0] } as const;

export function fromPixels({ width, height, data }: Picture, { type = 'u8', layout = 'NHWC', channels = 'RGB' }: PictureOptions) {
  const sizes = Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0;
  if (!sizes || !ArrayBuffer.isView(data) || data.length !== width * height * 4)
    throw new CuveeError(
      'ARGUMENT_INVALID',
      `a picture of ${width} × ${height} pixels has ${width * height * 4} bytes of RGBA, got ${data?.length}`,
    );
  const picked = order[channels];
  if (!picked || (layout !== 'NHWC' && layout !== 'NCHW'))
    throw new CuveeError('ARGUMENT_INVALID', `pictures become NHWC or NCHW in RGB, RGBA, BGR or gray; got ${layout}, ${channels}`);
  const pixels = width * height;
  const count = picked.length;
  const out = new Uint8Array(pixels * count);
  const [step, plane] = layout === 'NHWC' ? [count, 1] : [1, pixels];
  for (let i = 0; i < pixels; i++) {
    const at = i * 4;
    if (channels === 'gray')
      out[i] = Math.round(0.299 * (data[at] as number) + 0.587 * (data[at + 1] as number) + 0.114 * (data[at + 2] as number));
    else picked.forEach((from, c) => (out[i * step + c * plane] = data[at + from] as number));
  }
  const shape = layout === 'NHWC' ? [1, height, width, count] : [1, count, height, width];
  return { type, shape, data: encode(type, toElements(type, out), out.length) as Storage };
}

/** The inverse, alpha full: [1, H, W, C], [H, W, C], or the channels first with `layout: 'NCHW'`; C is 1, 3 or 4. */
export function toPixels(shape: readonly number[], values: Elements, { layout = 'NHWC' }: Pick<PictureOptions, 'layout'>): Picture {
  const dims = shape.length === 4 && shape[0] === 1 ? shape.slice(1) : shape;
  const [height = 0, width = 0, count = 0] = layout === 'NHWC' ? dims : [dims[1], dims[2], dims[0]];
  if (dims.length !== 3 || ![1, 3, 4].includes(count))
    throw new CuveeError('SHAPE_MISMATCH', `a ${layout} picture is [1,H,W,C] or [H,W,C] with 1, 3 or 4 channels, not [${shape.join(',')}]`);
  const pixels = width * height;
  const data = new Uint8ClampedArray(pixels * 4).fill(255);
  const [step, plane] = layout === 'NHWC' ? [count, 1] : [1, pixels];
  for (let i = 0; i < pixels; i++)
    for (let c = 0; c < Math.max(3, count); c++) data[i * 4 + c] = Number(values[i * step + (count === 1 ? 0 : c * plane)]);
  return { width, height, data };
}
