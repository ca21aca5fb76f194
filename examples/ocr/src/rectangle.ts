import { convexHull } from './hull.js';
import type { Point, Quad } from './picture.js';

/** The smallest rectangle, turned as it may be, around a set of points. */
export interface Enclosure {
  /** Its corners, in order around it. */
  readonly corners: Quad;
  /** The length of its shorter side, in pixels. */
  readonly shorterSide: number;
}

const f = Math.fround;

/** A float32 vector. */
type Vector = readonly [x: number, y: number];

function dot(a: Vector, b: Vector): number {
  return f(f(a[0] * b[0]) + f(a[1] * b[1]));
}

/** The positions of the hull's lowest, rightmost, highest and leftmost point (y up), the first of equal ones. */
function extremes(hull: readonly Point[]): [number, number, number, number] {
  let [bottom, right, top, left] = [0, 0, 0, 0];
  hull.forEach(([x, y], i) => {
    if (y < hull[bottom]![1]) bottom = i;
    if (x > hull[right]![0]) right = i;
    if (y > hull[top]![1]) top = i;
    if (x < hull[left]![0]) left = i;
  });
  return [bottom, right, top, left];
}

/** The direction of caliper `side` when that of the first one is `base`: each a quarter further. */
function turn([x, y]: Vector, side: number): Vector {
  return side % 4 === 0 ? [x, y] : side === 1 ? [-y, x] : side === 2 ? [-x, -y] : [y, -x];
}

/** A rectangle found by the calipers: direction of its first side, its extents, two of the points it touches. */
interface Candidate {
  readonly base: Vector;
  readonly width: number;
  readonly height: number;
  readonly left: Point;
  readonly bottom: Point;
}

/**
 * Rotating calipers (Toussaint, 1983) around a clockwise hull of three or more points: the rectangle of least
 * area, the last of equal ones, in float32 arithmetic as OpenCV's, whose last bits decide where corners on
 * whole pixels are cut to.
 */
function rotateCalipers(hull: readonly Point[]): Candidate {
  const n = hull.length;
  const edges = hull.map(([x, y], i): Vector => [hull[(i + 1) % n]![0] - x, hull[(i + 1) % n]![1] - y]);
  const inverse = edges.map(([x, y]) => f(1 / Math.sqrt(x * x + y * y)));
  const touch = extremes(hull);
  let base: Vector = [1, 0];
  let least = Infinity;
  let best: Candidate | undefined;
  for (let k = 0; k < n; k++) {
    // Every edge turned back to the direction of the first caliper; the one that asks for the least rotation is next.
    let side = 0,
      next = edges[touch[0]!]!;
    for (let i = 1; i < 4; i++) {
      const edge = turn(edges[touch[i]!]!, 4 - i);
      if (f(f(edge[0] * next[1]) - f(edge[1] * next[0])) > 0) [side, next] = [i, edge];
    }
    const edge = edges[touch[side]!]!,
      scale = inverse[touch[side]!]!;
    base = turn([f(edge[0] * scale), f(edge[1] * scale)], 4 - side);
    touch[side] = (touch[side]! + 1) % n;
    const [bottom, right, top, left] = touch.map((i) => hull[i]!) as unknown as Quad;
    const width = dot([right[0] - left[0], right[1] - left[1]], base);
    const height = dot([top[0] - bottom[0], top[1] - bottom[1]], turn(base, 1));
    const area = f(width * height);
    if (area <= least) [least, best] = [area, { base, width, height, left, bottom }];
  }
  return best!;
}

/** Corners from centre, sides and the angle of `width` in degrees, in float32. */
function cornersOf(centre: Vector, width: number, height: number, angle: number): Quad {
  const radians = (angle * Math.PI) / 180;
  const b = f(f(Math.cos(radians)) * 0.5),
    a = f(f(Math.sin(radians)) * 0.5);
  const across: Vector = [f(a * height), f(b * height)],
    along: Vector = [f(b * width), f(a * width)];
  const [x, y] = centre;
  return [
    [f(f(x - across[0]) - along[0]), f(f(y + across[1]) - along[1])],
    [f(f(x + across[0]) - along[0]), f(f(y - across[1]) - along[1])],
    [f(f(x + across[0]) + along[0]), f(f(y - across[1]) + along[1])],
    [f(f(x - across[0]) + along[0]), f(f(y + across[1]) + along[1])],
  ];
}

/** Centre, sides and angle (degrees, -90 up to but not 0) of the smallest rectangle around a hull. */
export function measure(hull: readonly Point[]): { centre: Vector; width: number; height: number; angle: number } {
  let centre: Vector = hull[0]!,
    first: Vector = [0, 0],
    second: Vector = [0, 0];
  if (hull.length === 2) {
    const [a, b] = hull as [Point, Point];
    centre = [f(f(a[0] + b[0]) * 0.5), f(f(a[1] + b[1]) * 0.5)];
    first = [b[0] - a[0], b[1] - a[1]];
  } else if (hull.length > 2) {
    const { base, width, height, left, bottom } = rotateCalipers(hull);
    const across = turn(base, 1);
    const c1 = dot(base, left),
      c2 = dot(across, bottom);
    const scale = f(1 / f(f(base[0] * across[1]) - f(across[0] * base[1])));
    const corner: Vector = [f(f(f(c1 * across[1]) - f(c2 * base[1])) * scale), f(f(f(base[0] * c2) - f(across[0] * c1)) * scale)];
    first = [f(base[0] * width), f(base[1] * width)];
    second = [f(across[0] * height), f(across[1] * height)];
    centre = [f(corner[0] + f(f(first[0] + second[0]) * 0.5)), f(corner[1] + f(f(first[1] + second[1]) * 0.5))];
  }
  const length = ([x, y]: Vector): number => f(Math.sqrt(x * x + y * y));
  let width = length(first),
    height = length(second);
  let angle = (Math.atan2(first[1], first[0]) * 180) / Math.PI;
  while (angle < -90 || angle >= 0) {
    angle += angle < -90 ? 90 : -90;
    [width, height] = [height, width];
  }
  return { centre, width, height, angle: f(angle) };
}

/**
 * The rectangle of least area around a closed line given as x, y, x, y, … One point or points on a line give a
 * rectangle without area.
 */
export function smallestRectangle(coordinates: ArrayLike<number>): Enclosure {
  const { centre, width, height, angle } = measure(convexHull(coordinates));
  return { corners: cornersOf(centre, width, height, angle), shorterSide: Math.min(width, height) };
}

/** The corners as a line of text reads them: the two leftmost are its left end, the upper one first, then clockwise. */
export function readingOrder(corners: Quad): Quad {
  const [p, q, r, s] = [...corners].sort((a, b) => a[0] - b[0]) as unknown as Quad;
  const [topLeft, bottomLeft] = q[1] > p[1] ? [p, q] : [q, p];
  const [topRight, bottomRight] = s[1] > r[1] ? [r, s] : [s, r];
  return [topLeft, topRight, bottomRight, bottomLeft];
}
