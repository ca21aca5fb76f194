import { type Dim, isAtLeast } from '../shape/index.js';
import { sameType } from './elementwise.js';
import { emptyElements } from '../tensor/convert.js';
import { float, int, oneOf } from './attributes.js';
import { floating, op, port } from './op.js';
import { imageOf, regionShape, sampleInside } from './roi.js';

/**
 * Position-sensitive pooling of regions (batch, x1, y1, x2, y2) to group_size × group_size: each output place reads channels of its own.
 *
 * `average`: channels output_dim·group_size², corners rounded, means over the parts. `bilinear`: channels
 * spatial_bins_y·spatial_bins_x·output_dim, corners as fractions of the image, means over the bins of one sample each. A region of batch -1 ends the list; what follows
 * is 0.
 * Spec: OpenVINO PSROIPooling-1.
 */
export const PSROIPooling = op('PSROIPooling', {
  attributes: {
    output_dim: int(undefined, { min: 1 }),
    group_size: int(1, { min: 1 }),
    spatial_scale: float(),
    mode: oneOf(['average', 'bilinear'], 'average'),
    spatial_bins_x: int(1, { min: 1 }),
    spatial_bins_y: int(1, { min: 1 }),
  },
  inputs: [port('data', floating, 4), port('regions', floating, 2)],
  outputs: [port('output', floating)],

  infer({ data, regions }, { output_dim, group_size, mode, spatial_bins_x, spatial_bins_y }, ctx) {
    const parts = mode === 'average' ? group_size * group_size : spatial_bins_x * spatial_bins_y;
    if (data.shape) ctx.require('channels for every part', isAtLeast(data.shape[1] as Dim, output_dim * parts));
    return { type: sameType(ctx, data, regions), shape: regionShape(ctx, data, regions, 5, output_dim, [group_size, group_size]) };
  },

  evaluate({ data, regions }, attributes) {
    const { output_dim, group_size, mode } = attributes;
    const [images, channels, height, width] = data.shape as [number, number, number, number];
    const count = regions.shape[0] as number;
    const out = emptyElements(data.type, count * output_dim * group_size * group_size) as Float32Array;
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
      for (let c = 0; c < output_dim; c++) {
        for (let p = 0; p < group_size * group_size; p++) {
          const at: Place = {
            data: data.data as Float32Array,
            image: imageOf(batch, images) * channels * height * width,
            height,
            width,
            channel: c,
            row: Math.floor(p / group_size),
            column: p % group_size,
          };
          out[to++] = mode === 'average' ? average(at, corners, attributes) : bilinear(at, corners, attributes);
        }
      }
    }
    return { type: data.type, shape: [count, output_dim, group_size, group_size], data: out };
  },
});

interface Place {
  readonly data: Float32Array;
  readonly image: number;
  readonly height: number;
  readonly width: number;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
}
interface Grouping {
  readonly output_dim: number;
  readonly group_size: number;
  readonly spatial_scale: number;
  readonly spatial_bins_x: number;
  readonly spatial_bins_y: number;
}

function average(
  { data, image, height, width, channel, row, column }: Place,
  corners: readonly number[],
  { group_size, spatial_scale }: Grouping,
): number {
  const [x1, y1, x2, y2] = corners.map((v, i) => (Math.round(v) + (i > 1 ? 1 : 0)) * spatial_scale) as [number, number, number, number];
  const range = (from: number, to: number, i: number, n: number): [number, number] => {
    const part = Math.max(to - from, 0.1) / group_size;
    const clip = (v: number): number => Math.min(Math.max(v, 0), n);
    return [clip(Math.floor(i * part + from)), clip(Math.ceil((i + 1) * part + from))];
  };
  const [top, bottom] = range(y1, y2, row, height);
  const [left, right] = range(x1, x2, column, width);
  const plane = image + ((channel * group_size + row) * group_size + column) * height * width;
  let sum = 0;
  for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) sum += data[plane + i * width + j] as number;
  const area = Math.max(0, bottom - top) * Math.max(0, right - left);
  return area === 0 ? 0 : sum / area;
}

function bilinear(
  { data, image, height, width, channel, row, column }: Place,
  corners: readonly number[],
  { output_dim, group_size, spatial_scale, spatial_bins_x, spatial_bins_y }: Grouping,
): number {
  const [x1, y1, x2, y2] = corners.map((v) => v * spatial_scale) as [number, number, number, number];
  const place = (from: number, to: number, bin: number, bins: number, i: number, n: number): number => {
    const part = (to - from) / bins;
    return (from + part * (bin + (group_size > 1 ? i / (group_size - 1) : 0.5))) * (n - 1);
  };
  let sum = 0;
  for (let by = 0; by < spatial_bins_y; by++) {
    for (let bx = 0; bx < spatial_bins_x; bx++) {
      const y = place(y1, y2, by, spatial_bins_y, row, height);
      const x = place(x1, x2, bx, spatial_bins_x, column, width);
      if (y < 0 || x < 0 || y > height - 1 || x > width - 1) continue;
      sum += sampleInside(data, image + ((by * spatial_bins_x + bx) * output_dim + channel) * height * width, height, width, y, x);
    }
  }
  return sum / (spatial_bins_x * spatial_bins_y);
}
