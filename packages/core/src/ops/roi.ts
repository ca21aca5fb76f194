/** @file What the poolings over regions of interest share. */
import { CuveeError } from '../errors.js';
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import type { Dim, Shape } from '../shape/index.js';

/** [regions, channels, h, w] from data [N, C, H, W] and a list of regions with `width` numbers each. */
export function regionShape(
  ctx: Infer,
  data: Fact,
  regions: Fact,
  width: number,
  channels: Dim | undefined,
  pooled: readonly [Dim, Dim],
): Shape {
  if (data.shape && data.shape.length !== 4) return ctx.fail('data must have four axes');
  if (regions.shape && regions.shape.length !== 2) return ctx.fail('regions must have two axes');
  if (regions.shape) ctx.requireEqual('numbers of a region', regions.shape[1] as Dim, width);
  return [regions.shape?.[0] ?? ctx.fresh(0), channels ?? data.shape?.[1] ?? ctx.fresh(1), ...pooled];
}

/** The image that a region names. Throws ARGUMENT_INVALID when there is none of that number. */
export function imageOf(batch: number, images: number): number {
  if (!(batch >= 0 && batch < images)) throw new CuveeError('ARGUMENT_INVALID', `a region is of image ${batch}, there are ${images}`);
  return Math.trunc(batch);
}

/** Bilinear interpolation in a plane at a place within it; neighbours beyond the last row or column are that one. */
export function sampleInside(data: ArrayLike<number>, plane: number, height: number, width: number, y: number, x: number): number {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [bottom, right] = [Math.min(Math.ceil(y), height - 1), Math.min(Math.ceil(x), width - 1)];
  const read = (row: number, column: number): number => data[plane + row * width + column] as number;
  const upper = read(top, left) + (read(top, right) - read(top, left)) * (x - left);
  const lower = read(bottom, left) + (read(bottom, right) - read(bottom, left)) * (x - left);
  return upper + (lower - upper) * (y - top);
}

/** One plane of an image. */
export interface Plane {
  readonly data: ArrayLike<number>;
  readonly at: number;
  readonly height: number;
  readonly width: number;
}
/** One part of a region, in places of the plane or, with a `place`, of the region. */
export interface Part {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Mean of evenly spread bilinear samples of a part; `ratio` along each axis, or as many as the part is long when it is 0. Samples up to
 * one beyond the border count as on it, those further out as 0. `place` turns coordinates of the part into those of the plane.
 */
export function averageSamples(
  plane: Plane,
  part: Part,
  ratio: number,
  place = (y: number, x: number): readonly [number, number] => [y, x],
): number {
  const [ny, nx] = [part.height, part.width].map((d) => (ratio > 0 ? ratio : Math.max(0, Math.ceil(d)))) as [number, number];
  let sum = 0;
  for (let s = 0; s < ny * nx; s++) {
    const [y, x] = place(part.top + ((Math.floor(s / nx) + 0.5) * part.height) / ny, part.left + (((s % nx) + 0.5) * part.width) / nx);
    if (y < -1 || x < -1 || y > plane.height || x > plane.width) continue;
    const inside = (v: number, n: number): number => Math.min(Math.max(v, 0), n - 1);
    sum += sampleInside(plane.data, plane.at, plane.height, plane.width, inside(y, plane.height), inside(x, plane.width));
  }
  return sum / Math.max(1, ny * nx);
}
