/** @file Rectangles of the detection rooms. */
import type { ElementType } from '../tensor/element.js';
import { Literal } from '../tensor/literal.js';
import type { NdArray } from '../tensor/nd.js';

/** A rectangle with x1 ≤ x2 and y1 ≤ y2 where it was given so. */
export interface Box {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** The box at `at`: two opposite corners in any order, or centre, width and height. */
export function corners(x: ArrayLike<number>, at: number, centered: boolean): Box {
  const [a, b, c, d] = [x[at], x[at + 1], x[at + 2], x[at + 3]] as [number, number, number, number];
  if (centered) return { x1: a - c / 2, x2: a + c / 2, y1: b - d / 2, y2: b + d / 2 };
  return { x1: Math.min(a, c), x2: Math.max(a, c), y1: Math.min(b, d), y2: Math.max(b, d) };
}

/** Area of a box; `offset` is 1 where coordinates are pixels that both count, else 0. Negative extents give 0. */
export function area(b: Box, offset = 0): number {
  return b.x2 < b.x1 || b.y2 < b.y1 ? 0 : (b.x2 - b.x1 + offset) * (b.y2 - b.y1 + offset);
}

/** Intersection over union; 0 where the union has no area. */
export function overlap(a: Box, b: Box, offset = 0): number {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1) + offset;
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1) + offset;
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  const union = area(a, offset) + area(b, offset) - shared;
  return union > 0 ? shared / union : 0;
}

/** A box that suppression kept. */
export interface Chosen {
  readonly batch: number;
  readonly cls: number;
  readonly box: number;
  readonly score: number;
}

/** What suppression gives: [batch, class, box] of each, [batch, class, score] of each in f32, and how many; by score when `descending`. */
export function selectedBoxes(chosen: readonly Chosen[], descending: boolean, type: ElementType): readonly NdArray[] {
  const sorted = descending ? [...chosen].sort((a, b) => b.score - a.score || a.batch - b.batch || a.cls - b.cls || a.box - b.box) : chosen;
  const rows = (of: ElementType, third: (c: Chosen) => number): NdArray =>
    Literal.from(
      of,
      [sorted.length, 3],
      sorted.flatMap((c) => [c.batch, c.cls, third(c)]),
    ).nd();
  return [rows(type, (c) => c.box), rows('f32', (c) => c.score), Literal.from(type, [1], [sorted.length]).nd()];
}
