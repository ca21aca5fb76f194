import { findContours } from './contours.js';
import { area, grow, meanInside, perimeter } from './polygon.js';
import { readingOrder, smallestRectangle } from './rectangle.js';
import { roundHalfEven } from './picture.js';
import type { Point, Quad } from './picture.js';
import type { FloatTensor } from './engine.js';

/** Where a line of text stands and how sure the detector is of it. */
export interface TextBox {
  /** In whole pixels of the picture. */
  readonly box: Quad;
  /** Mean probability within the detected region, 0 to 1. */
  readonly score: number;
}

/** The limits of the differentiable-binarisation post-processing, as PP-OCRv4 uses them. */
export interface BoxLimits {
  /** A pixel above this probability belongs to text. */
  readonly pixel: number;
  /** A region below this mean probability is dropped. */
  readonly region: number;
  /** The detector sees the core of a line; the region grows by this times area over perimeter. */
  readonly growth: number;
  /** At most this many regions are looked at. */
  readonly regions: number;
}

/** The limits in common use with PP-OCRv4. */
export const BOX_LIMITS: BoxLimits = { pixel: 0.3, region: 0.5, growth: 1.6, regions: 1000 };

/** Cores and grown regions with a shorter side below these are noise, in pixels of the map. */
const SHORTEST_CORE = 3,
  SHORTEST_REGION = 5;
/** Boxes with a side of at most this many pixels of the picture are dropped. */
const SHORTEST_SIDE = 3;

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** From pixels of a map with `from` pixels to whole pixels of a picture with `to` pixels, in float32 steps. */
function scale(value: number, from: number, to: number): number {
  const scaled = Math.fround(Math.fround(value / from) * to);
  return Math.min(Math.max(roundHalfEven(scaled), 0), to - 1);
}

/**
 * The boxes of text in a probability map `[1, 1, height, width]`, in pixels of a picture of the given size.
 * The order is that of the contours; see `inReadingOrder`.
 */
export function textBoxes(map: FloatTensor, width: number, height: number, limits: BoxLimits = BOX_LIMITS): TextBox[] {
  const mapHeight = map.shape[2]!,
    mapWidth = map.shape[3]!;
  const boxes: TextBox[] = [];
  for (const contour of findContours(map.data, mapWidth, mapHeight, Math.fround(limits.pixel)).slice(0, limits.regions)) {
    const core = smallestRectangle(contour);
    if (core.shorterSide < SHORTEST_CORE) continue;
    const quad = readingOrder(core.corners);
    const score = meanInside(map.data, mapWidth, mapHeight, quad);
    if (score < limits.region) continue;
    const grown = grow(quad, (area(quad) * limits.growth) / Math.max(perimeter(quad), 1e-6));
    if (grown.length !== 1) continue;
    const region = smallestRectangle(grown[0]!);
    if (region.shorterSide < SHORTEST_REGION) continue;
    const box = readingOrder(region.corners).map(
      ([x, y]): Point => [scale(x, mapWidth, width), scale(y, mapHeight, height)],
    ) as unknown as Quad;
    if (distance(box[0], box[1]) <= SHORTEST_SIDE || distance(box[0], box[3]) <= SHORTEST_SIDE) continue;
    boxes.push({ box, score });
  }
  return boxes;
}
