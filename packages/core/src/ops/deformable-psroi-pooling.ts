import { isEqual, mod, type Dim, isAtLeast } from '../shape/index.js';
import { sameType } from './elementwise.js';
import { emptyElements } from '../tensor/convert.js';
import type { NdArray } from '../tensor/nd.js';
import { float, int, oneOf } from './attributes.js';
import { floating, op, optional, port } from './op.js';
import { imageOf, regionShape, sampleInside } from './roi.js';

interface Settings {
  readonly output_dim: number;
  readonly spatial_scale: number;
  readonly group_size: number;
  readonly spatial_bins_x: number;
  readonly spatial_bins_y: number;
  readonly trans_std: number;
  readonly part_size: number;
}

/**
 * Position-sensitive pooling of regions (batch, x1, y1, x2, y2) whose parts are moved by offsets [regions, 2·classes, part, part] of (x, y),
 * in units of trans_std times the region's size; means of spatial_bins samples, bilinear. Samples more than half a pixel outside do not count.
 * A region of batch -1 ends the list; what follows is 0.
 * Spec: OpenVINO DeformablePSROIPooling-1.
 */
export const DeformablePSROIPooling = op('DeformablePSROIPooling', {
  attributes: {
    output_dim: int(undefined, { min: 1 }),
    spatial_scale: float(),
    group_size: int(1, { min: 1 }),
    mode: oneOf(['bilinear_deformable'], 'bilinear_deformable'),
    spatial_bins_x: int(1, { min: 1 }),
    spatial_bins_y: int(1, { min: 1 }),
    trans_std: float(1),
    part_size: int(1, { min: 1 }),
  },
  inputs: [port('data', floating, 4), port('regions', floating, 2), optional('offsets', floating, 4)],
  outputs: [port('output', floating)],

  infer({ data, regions, offsets }, { output_dim, group_size, part_size }, ctx) {
    if (offsets) {
      const { pairs } = ctx.match(['regions', regions, 'count 5'], ['offsets', offsets, `count pairs ${part_size} ${part_size}`]);
      if (pairs !== undefined) ctx.require('the offsets come in pairs', isEqual(mod(pairs, 2), 0));
    }
    if (data.shape) ctx.require('channels for every part', isAtLeast(data.shape[1] as Dim, output_dim * group_size * group_size));
    return { type: sameType(ctx, data, regions), shape: regionShape(ctx, data, regions, 5, output_dim, [group_size, group_size]) };
  },

  evaluate({ data, regions, offsets }, settings) {
    const { output_dim, group_size } = settings;
    const count = regions.shape[0] as number;
    const out = emptyElements(data.type, count * output_dim * group_size * group_size) as Float32Array;
    let to = 0;
    for (let r = 0; r < count && regions.data[r * 5] !== -1; r++) {
      for (let c = 0; c < output_dim; c++) {
        for (let p = 0; p < group_size * group_size; p++)
          out[to++] = part(data, regions, offsets, r, c, Math.floor(p / group_size), p % group_size, settings);
      }
    }
    return { type: data.type, shape: [count, output_dim, group_size, group_size], data: out };
  },
});

function part(
  data: NdArray,
  regions: NdArray,
  offsets: NdArray | undefined,
  r: number,
  c: number,
  row: number,
  column: number,
  s: Settings,
): number {
  const [images, channels, height, width] = data.shape as [number, number, number, number];
  const [batch, ...corners] = Array.from({ length: 5 }, (_, i) => regions.data[r * 5 + i] as number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const [x1, y1, x2, y2] = corners.map((v, i) => (Math.round(v) + (i > 1 ? 1 : 0)) * s.spatial_scale - 0.5) as [
    number,
    number,
    number,
    number,
  ];
  const [w, h] = [Math.max(x2 - x1, 0.1), Math.max(y2 - y1, 0.1)];
  const classes = offsets ? (offsets.shape[1] as number) / 2 : 1;
  const label = Math.floor(c / (s.output_dim / classes));
  const cell = (i: number): number => Math.floor((i / s.group_size) * s.part_size);
  const move = (axis: number): number =>
    offsets
      ? (offsets.data[(((r * classes + label) * 2 + axis) * s.part_size + cell(row)) * s.part_size + cell(column)] as number) * s.trans_std
      : 0;
  const [left, top] = [(column * w) / s.group_size + x1 + move(0) * w, (row * h) / s.group_size + y1 + move(1) * h];
  const plane = (imageOf(batch, images) * channels + (c * s.group_size + row) * s.group_size + column) * height * width;
  let [sum, count] = [0, 0];
  for (let i = 0; i < s.spatial_bins_y * s.spatial_bins_x; i++) {
    const y = top + (Math.floor(i / s.spatial_bins_x) * h) / s.group_size / s.spatial_bins_y;
    const x = left + ((i % s.spatial_bins_x) * w) / s.group_size / s.spatial_bins_x;
    if (x < -0.5 || x > width - 0.5 || y < -0.5 || y > height - 0.5) continue;
    count++;
    sum += sampleInside(
      data.data as Float32Array,
      plane,
      height,
      width,
      Math.min(Math.max(y, 0), height - 1),
      Math.min(Math.max(x, 0), width - 1),
    );
  }
  return count === 0 ? 0 : sum / count;
}
