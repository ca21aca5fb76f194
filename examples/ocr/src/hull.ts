import type { Point } from './picture.js';

/** Twice the signed area of the triangle a, b, c. */
function cross(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/** The positions of the points of `sorted` that bound the others on one side; the last one is left out. */
function chain(points: readonly Point[], sorted: readonly number[]): number[] {
  const hull: number[] = [];
  for (const i of sorted) {
    const p = points[i]!;
    while (hull.length > 1 && cross(points[hull[hull.length - 2]!]!, points[hull[hull.length - 1]!]!, p) <= 0) hull.pop();
    const last = hull.length > 0 ? points[hull[hull.length - 1]!]! : undefined;
    if (last === undefined || last[0] !== p[0] || last[1] !== p[1]) hull.push(i);
  }
  hull.pop();
  return hull;
}

/**
 * The convex hull of a closed line x, y, x, y, … (monotone chain), clockwise, without points that lie on its
 * edges. It begins where the line does: at its first point on the hull if the line runs clockwise, at its last
 * one otherwise.
 */
export function convexHull(coordinates: ArrayLike<number>): Point[] {
  const points: Point[] = [];
  for (let i = 0; i + 1 < coordinates.length; i += 2) points.push([coordinates[i]!, coordinates[i + 1]!]);
  if (points.length === 0) return [];
  const sorted = points.map((_, i) => i).sort((a, b) => points[a]![0] - points[b]![0] || points[a]![1] - points[b]![1] || a - b);
  const first = sorted[0]!;
  const hull = [...chain(points, sorted), ...chain(points, sorted.reverse())];
  if (hull.length === 0) return [points[first]!];
  const falls = hull.filter((at, i) => hull[(i + 1) % hull.length]! < at).length;
  const ascending = falls * 2 < hull.length || falls === 1;
  const start = hull.indexOf(ascending ? Math.min(...hull) : Math.max(...hull));
  return [...hull.slice(start), ...hull.slice(0, start)].map((i) => points[i]!);
}
