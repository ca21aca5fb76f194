import type { Dim } from '../shape/index.js';
import { sameType } from './elementwise.js';
import { emptyElements } from '../tensor/convert.js';
import { numbersOf } from '../tensor/nd.js';
import { float, int, oneOf } from './attributes.js';
import { current, floating, index, op, port } from './op.js';
import { imageOf, regionShape, sampleInside } from './roi.js';

const attributes = {
  pooled_h: int(undefined, { min: 1 }),
  pooled_w: int(undefined, { min: 1 }),
  sampling_ratio: int(undefined, { min: 0 }),
  spatial_scale: float(),
  mode: oneOf(['avg', 'max']),
};

/**
 * Pools regions (x1, y1, x2, y2) of [N, C, H, W] data without rounding their corners: samples inside each part, bilinear, averaged or
 * the largest. `sampling_ratio` 0 takes as many samples along an axis as a part is long.
 *
 * `max` starts from 0, so that a part of negative samples gives 0. ROIAlign-3 knows the asymmetric alignment only, where regions
 * are at least 1 long. Spec: OpenVINO ROIAlign-9.
 */
export const ROIAlign = op('ROIAlign', {
  attributes: { ...attributes, aligned_mode: oneOf(['asymmetric', 'half_pixel_for_nn', 'half_pixel'], 'asymmetric') },
  inputs: [port('data', floating, 4), port('regions', floating, 2), port('batch_indices', index, 1)],
  outputs: [port('output', floating)],
  since: { opset3: { attributes }, opset9: current },

  infer({ data, regions, batch_indices }, { pooled_h, pooled_w }, ctx) {
    const type = sameType(ctx, data, regions);
    const shape = regionShape(ctx, data, regions, 4, undefined, [pooled_h, pooled_w]);
    const [count] = batch_indices.shape ?? [];
    return {
      type,
      shape:
        shape && (count === undefined ? shape : [ctx.requireEqual('regions and batch indices', shape[0] as Dim, count), ...shape.slice(1)]),
    };
  },

  evaluate({ data, regions, batch_indices }, { pooled_h, pooled_w, sampling_ratio, spatial_scale, mode, aligned_mode }) {
    const [images, channels, height, width] = data.shape as [number, number, number, number];
    const count = regions.shape[0] as number;
    const batches = numbersOf(batch_indices);
    const out = emptyElements(data.type, count * channels * pooled_h * pooled_w) as Float32Array;
    const [before, after] = aligned_mode === 'half_pixel' ? [0.5, -0.5] : aligned_mode === 'half_pixel_for_nn' ? [0, -0.5] : [0, 0];
    let to = 0;
    for (let r = 0; r < count; r++) {
      const [x1, y1, x2, y2] = Array.from(
        { length: 4 },
        (_, i) => ((regions.data[r * 4 + i] as number) + before) * spatial_scale + after,
      ) as [number, number, number, number];
      const long = (d: number): number => (aligned_mode === 'asymmetric' ? Math.max(d, 1) : d);
      const [bh, bw] = [long(y2 - y1) / pooled_h, long(x2 - x1) / pooled_w];
      const [ny, nx] = [bh, bw].map((b) => (sampling_ratio === 0 ? Math.max(0, Math.ceil(b)) : sampling_ratio)) as [number, number];
      for (let c = 0; c < channels; c++) {
        const plane = (imageOf(batches[r] as number, images) * channels + c) * height * width;
        for (let p = 0; p < pooled_h * pooled_w; p++) {
          const [top, left] = [y1 + Math.floor(p / pooled_w) * bh, x1 + (p % pooled_w) * bw];
          let [sum, best] = [0, 0];
          for (let s = 0; s < ny * nx; s++) {
            const y = top + ((Math.floor(s / nx) + 0.5) * bh) / ny;
            const x = left + (((s % nx) + 0.5) * bw) / nx;
            if (y < -1 || x < -1 || y > height || x > width) continue;
            const [yy, xx] = [Math.min(Math.max(y, 0), height - 1), Math.min(Math.max(x, 0), width - 1)];
            const sample = sampleInside(data.data as Float32Array, plane, height, width, yy, xx);
            sum += sample;
            best = Math.max(best, sample);
          }
          out[to++] = mode === 'avg' ? sum / (ny * nx) : best;
        }
      }
    }
    return { type: data.type, shape: [count, channels, pooled_h, pooled_w], data: out };
  },
});
