import type { Dim } from '../shape/index.js';
import { sameType } from './elementwise.js';
import { emptyElements } from '../tensor/convert.js';
import { numbersOf } from '../tensor/nd.js';
import { bool, float, int } from './attributes.js';
import { floating, index, op, port } from './op.js';
import { averageSamples, imageOf, regionShape } from './roi.js';

/**
 * ROIAlign on turned regions (centre x, centre y, width, height, angle in radians): means of bilinear samples. The centre is scaled and
 * moved half a pixel back; angles run counterclockwise unless `clockwise_mode`. `sampling_ratio` 0 takes as many samples along an axis as
 * a part is long. Spec: OpenVINO ROIAlignRotated-15.
 */
export const ROIAlignRotated = op('ROIAlignRotated', {
  attributes: {
    pooled_h: int(undefined, { min: 1 }),
    pooled_w: int(undefined, { min: 1 }),
    sampling_ratio: int(undefined, { min: 0 }),
    spatial_scale: float(),
    clockwise_mode: bool(false),
  },
  inputs: [port('data', floating, 4), port('regions', floating, 2), port('batch_indices', index, 1)],
  outputs: [port('output', floating)],
  since: { opset15: {} },

  infer({ data, regions, batch_indices }, { pooled_h, pooled_w }, ctx) {
    const type = sameType(ctx, data, regions);
    const shape = regionShape(ctx, data, regions, 5, undefined, [pooled_h, pooled_w]);
    const [count] = batch_indices.shape ?? [];
    return {
      type,
      shape:
        shape && (count === undefined ? shape : [ctx.requireEqual('regions and batch indices', shape[0] as Dim, count), ...shape.slice(1)]),
    };
  },

  evaluate({ data, regions, batch_indices }, { pooled_h, pooled_w, sampling_ratio, spatial_scale, clockwise_mode }) {
    const [images, channels, height, width] = data.shape as [number, number, number, number];
    const count = regions.shape[0] as number;
    const batches = numbersOf(batch_indices);
    const out = emptyElements(data.type, count * channels * pooled_h * pooled_w) as Float32Array;
    let to = 0;
    for (let r = 0; r < count; r++) {
      const [cx, cy, w, h, angle] = Array.from(
        { length: 5 },
        (_, i) => (regions.data[r * 5 + i] as number) * (i < 4 ? spatial_scale : 1),
      ) as [number, number, number, number, number];
      const turn = clockwise_mode ? -angle : angle;
      const [sin, cos] = [Math.sin(turn), Math.cos(turn)];
      const place = (y: number, x: number): readonly [number, number] => [y * cos - x * sin + cy - 0.5, y * sin + x * cos + cx - 0.5];
      for (let c = 0; c < channels; c++) {
        const plane = {
          data: data.data as Float32Array,
          at: (imageOf(batches[r] as number, images) * channels + c) * height * width,
          height,
          width,
        };
        for (let p = 0; p < pooled_h * pooled_w; p++) {
          const part = {
            top: (Math.floor(p / pooled_w) / pooled_h - 0.5) * h,
            left: ((p % pooled_w) / pooled_w - 0.5) * w,
            height: h / pooled_h,
            width: w / pooled_w,
          };
          out[to++] = averageSamples(plane, part, sampling_ratio, place);
        }
      }
    }
    return { type: data.type, shape: [count, channels, pooled_h, pooled_w], data: out };
  },
});
