import clipper from 'clipper-lib';
import type { Point, Quad } from './picture.js';

/** The enclosed area in square pixels. */
export function area(quad: Quad): number {
  let twice = 0;
  quad.forEach(([x, y], i) => {
    const [px, py] = quad[(i + 3) % 4]!;
    twice += x * py - y * px;
  });
  return Math.abs(twice) / 2;
}

/** The length of the border in pixels. */
export function perimeter(quad: Quad): number {
  return quad.reduce((sum, [x, y], i) => {
    const [px, py] = quad[(i + 3) % 4]!;
    return sum + Math.hypot(x - px, y - py);
  }, 0);
}

/**
 * Moves the border outwards by `distance` pixels with round corners. The corners of `quad` are cut to whole
 * pixels first and the new ones rounded to whole pixels, each polygon as x, y, x, y, …
 */
export function grow(quad: Quad, distance: number): number[][] {
  const offset = new clipper.ClipperOffset();
  const path = quad.map(([x, y]) => ({ X: Math.trunc(x), Y: Math.trunc(y) }));
  offset.AddPath(path, clipper.JoinType.jtRound, clipper.EndType.etClosedPolygon);
  const grown: { X: number; Y: number }[][] = [];
  offset.Execute(grown, distance);
  return grown.map((polygon) => polygon.flatMap(({ X, Y }) => [X, Y]));
}

/** For each row of a raster, the leftmost and the rightmost pixel that a convex polygon covers. */
interface Spans {
  readonly left: Int32Array;
  readonly right: Int32Array;
}

/** Adds the pixels of the line between two points: Bresenham's, from the left end to the right one. */
function addLine(spans: Spans, from: Point, to: Point, width: number): void {
  const [a, b] = to[0] < from[0] ? [to, from] : [from, to];
  const rows = spans.left.length;
  let [x, y] = a;
  const dx = Math.abs(b[0] - x),
    dy = Math.abs(b[1] - y);
  const sy = b[1] < y ? -1 : 1;
  const steps = Math.max(dx, dy);
  let error = dx >= dy ? dx - 2 * dy : dy - 2 * dx;
  for (let i = 0; i <= steps; i++) {
    if (y >= 0 && y < rows) {
      // Beyond the left or right edge of the raster, the row is covered up to that edge.
      spans.left[y] = Math.min(spans.left[y]!, Math.max(x, 0));
      spans.right[y] = Math.max(spans.right[y]!, Math.min(x, width - 1));
    }
    const turn = error < 0;
    if (dx >= dy) {
      x++;
      if (turn) y += sy;
      error += (turn ? 2 * dx : 0) - 2 * dy;
    } else {
      y += sy;
      if (turn) x++;
      error += (turn ? 2 * dy : 0) - 2 * dx;
    }
  }
}

/**
 * The mean of `map` under the quad: all pixels within it and on its border, its corners cut to whole pixels.
 * @param map row-major values of a raster of `width` by `height`
 */
export function meanInside(map: ArrayLike<number>, width: number, height: number, quad: Quad): number {
  const clamp = (v: number, limit: number): number => Math.min(Math.max(v, 0), limit - 1);
  const xs = quad.map((p) => p[0]),
    ys = quad.map((p) => p[1]);
  const x0 = clamp(Math.floor(Math.min(...xs)), width),
    x1 = clamp(Math.ceil(Math.max(...xs)), width);
  const y0 = clamp(Math.floor(Math.min(...ys)), height),
    y1 = clamp(Math.ceil(Math.max(...ys)), height);
  const columns = x1 - x0 + 1,
    rows = y1 - y0 + 1;
  const spans: Spans = { left: new Int32Array(rows).fill(columns), right: new Int32Array(rows).fill(-1) };
  const corners = quad.map(([x, y]): Point => [Math.trunc(x - x0), Math.trunc(y - y0)]);
  corners.forEach((corner, i) => addLine(spans, corners[(i + 3) % 4]!, corner, columns));
  let sum = 0,
    count = 0;
  for (let y = 0; y < rows; y++) {
    const base = (y0 + y) * width + x0;
    for (let x = spans.left[y]!; x <= spans.right[y]!; x++) sum += map[base + x]!;
    count += Math.max(spans.right[y]! - spans.left[y]! + 1, 0);
  }
  return count > 0 ? sum / count : 0;
}
