/** @file What the poolings over regions of interest share. */
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import type { Dim, Shape } from '../shape/index.js';

/** [regions, channels, h, w] from data [N, C, H, W] and a list of regions with `width` numbers each. */
export function regionShape(ctx: Infer, data: Fact, regions: Fact, width: number, channels: Dim | undefined, pooled: readonly [Dim, Dim]): Shape {
  if (data.shape && data.shape.length !== 4) return ctx.fail('data must have four axes');
  if (regions.shape && regions.shape.length !== 2) return ctx.fail('regions must have two axes');
  if (regions.shape) ctx.requireEqual('numbers of a region', regions.shape[1] as Dim, width);
  return [regions.shape?.[0] ?? ctx.fresh(0), channels ?? data.shape?.[1] ?? ctx.fresh(1), ...pooled];
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
