import type { Dim } from '../shape/index.js';
import type { Fact } from '../ir/fact.js';
import { zeros, type NdArray } from '../tensor/nd.js';
import { bool, int, ints } from './attributes.js';
import { cornersOf } from './box-deltas.js';
import { floating, many, op, port } from './op.js';
import { shapeValue, sizesOf, type Size } from './sizes.js';

/** Level of the pyramid for a region: 2 for the canonical size 224, one more for every doubling; none for a region without area. */
function levelOf(x: ArrayLike<number>, at: number, levels: number): number {
  const area = ((x[at + 2] as number) - (x[at] as number)) * ((x[at + 3] as number) - (x[at + 1] as number));
  if (!(area > 0)) return -1;
  return Math.max(0, Math.min(levels - 1, Math.floor(2 + Math.log2(Math.sqrt(area) / 224 + 1e-6))));
}

/** Bilinear sample of a plane; 0 further than one place outside. */
function sample(x: ArrayLike<number>, plane: number, height: number, width: number, y: number, c: number): number {
  if (y < -1 || y > height || c < -1 || c > width) return 0;
  const [row, column] = [Math.max(0, y), Math.max(0, c)];
  const [top, left] = [Math.min(Math.floor(row), height - 1), Math.min(Math.floor(column), width - 1)];
  const [bottom, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)];
  const [ly, lx] = [top === height - 1 ? 0 : row - top, left === width - 1 ? 0 : column - left];
  const read = (r: number, k: number): number => x[plane + r * width + k] as number;
  return (1 - ly) * ((1 - lx) * read(top, left) + lx * read(top, right)) + ly * ((1 - lx) * read(bottom, left) + lx * read(bottom, right));
}

/**
 * Features of regions [n, 4] from the level of a pyramid that suits their size, averaged over a grid of bilinear samples in each of
 * output_size² bins; and the regions themselves.
 *
 * `aligned` moves the samples by half a pixel; otherwise regions count as at least one place long. `sampling_ratio` 0: as many samples as
 * a bin has places.
 * Spec: OpenVINO ExperimentalDetectronROIFeatureExtractor-6.
 */
export const ExperimentalDetectronROIFeatureExtractor = op('ExperimentalDetectronROIFeatureExtractor', {
  attributes: {
    output_size: int(undefined, { min: 1 }),
    sampling_ratio: int(undefined, { min: 0 }),
    pyramid_scales: ints(undefined, { min: 1 }),
    aligned: bool(false),
  },
  inputs: [port('rois', floating, 2), many('pyramid', floating)],
  outputs: [port('roi_features', floating), port('output_rois', floating)],
  since: { opset6: {} },

  infer({ rois, pyramid }, { output_size, pyramid_scales }, ctx): readonly Fact[] {
    const [, numbers] = ctx.axes('rois', rois, 2) ?? [];
    if (numbers !== undefined) ctx.requireEqual('numbers of a region', numbers, 4);
    for (const map of pyramid) ctx.axes('a level', map, 4);
    if (pyramid.length !== pyramid_scales.length) return ctx.fail(`${pyramid.length} levels have ${pyramid_scales.length} scales`);
    const count: Dim = rois.shape?.[0] ?? ctx.fresh(0);
    const channels = pyramid.flatMap((f) => (f.shape?.[1] === undefined ? [] : [f.shape[1]]));
    const depth: Dim =
      channels.length === 0 ? ctx.fresh(1) : channels.reduce((a, b) => ctx.requireEqual('the channels of the levels', a, b));
    return [
      { type: rois.type, shape: [count, depth, output_size, output_size] },
      { type: rois.type, shape: [count, 4] },
    ];
  },

  evaluate({ rois, pyramid }, a) {
    const count = rois.shape[0] as number;
    const channels = (pyramid[0] as NdArray).shape[1] as number;
    const n = a.output_size;
    const out = zeros(rois.type, [count, channels, n, n]);
    const regions = rois.data as Float32Array;
    for (let r = 0; r < count; r++) {
      const level = levelOf(regions, r * 4, pyramid.length);
      if (level < 0) continue;
      const map = pyramid[level] as NdArray;
      const [height, width] = map.shape.slice(2) as [number, number];
      const scale = 1 / (a.pyramid_scales[level] as number);
      const shift = a.aligned ? 0.5 : 0;
      const [x1, y1, x2, y2] = [0, 1, 2, 3].map((i) => (regions[r * 4 + i] as number) * scale - shift) as [number, number, number, number];
      const size = (length: number): number => (a.aligned ? length : Math.max(1, length)) / n;
      const [binW, binH] = [size(x2 - x1), size(y2 - y1)];
      const [gridX, gridY] = [a.sampling_ratio || Math.ceil(binW), a.sampling_ratio || Math.ceil(binH)];
      for (let c = 0; c < channels; c++) {
        for (let bin = 0; bin < n * n; bin++) {
          const [top, left] = [y1 + Math.floor(bin / n) * binH, x1 + (bin % n) * binW];
          let sum = 0;
          for (let i = 0; i < gridY; i++) {
            for (let j = 0; j < gridX; j++)
              sum += sample(
                map.data as Float32Array,
                c * height * width,
                height,
                width,
                top + ((i + 0.5) * binH) / gridY,
                left + ((j + 0.5) * binW) / gridX,
              );
          }
          (out.data as Float32Array)[(r * channels + c) * n * n + bin] = sum / Math.max(1, gridX * gridY);
        }
      }
    }
    return [out, rois];
  },

  /** Every level pools every region; its own level's features are chosen. */
  decompose(g, { rois, pyramid }, a) {
    const sizes = sizesOf(g, rois);
    if (!sizes) return undefined;
    const c = (value: number): typeof rois => g.scalar(value, rois);
    const [x1, y1, x2, y2] = cornersOf(g, rois);
    const area = g.multiply(g.subtract(x2, x1), g.subtract(y2, y1));
    const ratio = g.add(g.divide(g.sqrt(g.maximum(area, c(0))), c(224)), c(1e-6));
    const raw = g.floor(g.add(g.divide(g.log(ratio), c(Math.LN2)), c(2)));
    const level = g.select(g.greater(area, c(0)), g.maximum(g.minimum(raw, c(pyramid.length - 1)), c(0)), c(-1));
    const wide = g.unsqueeze(level, g.ints([1, 2, 3]));
    const images = g.broadcast(g.constant('i64', [], [0]), shapeValue(g, [sizes[0] as Size]), undefined);
    const pooled = pyramid.map((map, i) =>
      g.roiAlign(map, rois, images, {
        pooled_h: a.output_size,
        pooled_w: a.output_size,
        sampling_ratio: a.sampling_ratio,
        spatial_scale: 1 / (a.pyramid_scales[i] as number),
        mode: 'avg',
        aligned_mode: a.aligned ? 'half_pixel_for_nn' : 'asymmetric',
      }),
    );
    return [pooled.reduce((sum, features, i) => g.select(g.equal(wide, c(i)), features, sum), c(0)), rois];
  },
});
