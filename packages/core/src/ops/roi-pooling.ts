import { sameType } from './elementwise.js';
import { emptyElements } from '../tensor/convert.js';
import { float, int, ints, oneOf } from './attributes.js';
import { floating, op, port } from './op.js';
import { imageOf, regionShape, sampleInside } from './roi.js';

interface Pooled {
  readonly output_roi: readonly number[];
  readonly output_size: readonly number[];
  readonly pooled_h: number;
  readonly pooled_w: number;
}
const pooledSize = ({ output_roi, output_size, pooled_h, pooled_w }: Pooled): [number, number] => {
  if (pooled_h > 0 && pooled_w > 0) return [pooled_h, pooled_w];
  const listed = output_roi.length > 0 ? output_roi : output_size;
  return [listed[0] ?? 0, listed[1] ?? 0];
};

/**
 * Pools each region (batch, x1, y1, x2, y2) of [N, C, H, W] data to a fixed size. `max`: region corners times spatial_scale, rounded, both
 * included, the largest element of each part. `bilinear`: corners as fractions of the image, one sample for each part.
 * A region of batch -1 ends the list; what follows is 0. Spec: OpenVINO ROIPooling-2.
 */
export const ROIPooling = op('ROIPooling', {
  attributes: {
    output_size: ints([]),
    output_roi: ints([]),
    pooled_h: int(0),
    pooled_w: int(0),
    spatial_scale: float(),
    method: oneOf(['max', 'bilinear'], 'max'),
  },
  inputs: [port('data', floating, 4), port('regions', floating, 2)],
  outputs: [port('output', floating)],
  since: { opset2: {} },
  check: (a) => (pooledSize(a).every((d) => d > 0) ? undefined : 'the pooled size is missing'),

  infer: ({ data, regions }, attributes, ctx) => ({
    type: sameType(ctx, data, regions),
    shape: regionShape(ctx, data, regions, 5, undefined, pooledSize(attributes)),
  }),

  evaluate({ data, regions }, attributes) {
    const [images, channels, height, width] = data.shape as [number, number, number, number];
    const [ph, pw] = pooledSize(attributes);
    const count = regions.shape[0] as number;
    const out = emptyElements(data.type, count * channels * ph * pw) as Float32Array;
    const x = data.data as Float32Array;
    let to = 0;
    for (let r = 0; r < count; r++) {
      const [batch, ...corners] = Array.from({ length: 5 }, (_, i) => regions.data[r * 5 + i] as number) as [
        number,
        number,
        number,
        number,
        number,
      ];
      if (batch === -1) break;
      for (let c = 0; c < channels; c++) {
        const plane = (imageOf(batch, images) * channels + c) * height * width;
        for (let i = 0; i < ph * pw; i++) {
          const [row, column] = [Math.floor(i / pw), i % pw];
          out[to++] =
            attributes.method === 'max'
              ? largest(x, plane, height, width, corners, attributes.spatial_scale, [
                  row / ph,
                  (row + 1) / ph,
                  column / pw,
                  (column + 1) / pw,
                ])
              : sampled(x, plane, height, width, corners, [row, ph, column, pw]);
        }
      }
    }
    return { type: data.type, shape: [count, channels, ph, pw], data: out };
  },
});

function largest(
  x: Float32Array,
  plane: number,
  height: number,
  width: number,
  corners: readonly number[],
  scale: number,
  part: readonly [number, number, number, number],
): number {
  const [x1, y1, x2, y2] = corners.map((v) => Math.round(v * scale)) as [number, number, number, number];
  const [h, w] = [Math.max(y2 - y1 + 1, 1), Math.max(x2 - x1 + 1, 1)];
  const clip = (v: number, n: number): number => Math.min(Math.max(v, 0), n);
  const [top, bottom] = [clip(Math.floor(part[0] * h) + y1, height), clip(Math.ceil(part[1] * h) + y1, height)];
  const [left, right] = [clip(Math.floor(part[2] * w) + x1, width), clip(Math.ceil(part[3] * w) + x1, width)];
  let best = Number.NEGATIVE_INFINITY;
  for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) best = Math.max(best, x[plane + i * width + j] as number);
  return best === Number.NEGATIVE_INFINITY ? 0 : best;
}

function sampled(
  x: Float32Array,
  plane: number,
  height: number,
  width: number,
  [x1, y1, x2, y2]: readonly number[],
  [row, ph, column, pw]: readonly [number, number, number, number],
): number {
  const place = (from: number, to: number, i: number, parts: number, n: number): number =>
    parts > 1 ? (from + ((to - from) * i) / (parts - 1)) * (n - 1) : 0.5 * (from + to) * (n - 1);
  const y = place(y1 as number, y2 as number, row, ph, height);
  const at = place(x1 as number, x2 as number, column, pw, width);
  return y < 0 || y > height - 1 || at < 0 || at > width - 1 ? 0 : sampleInside(x, plane, height, width, y, at);
}
