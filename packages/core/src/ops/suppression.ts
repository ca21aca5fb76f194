/** @file Boxes as lists of corners: clipping, and greedy suppression of overlaps. */
import { overlap } from './boxes.js';

export type Corners = readonly [x1: number, y1: number, x2: number, y2: number];

/** The box with its corners limited to 0 … right and 0 … bottom. */
export const clipBox = ([x1, y1, x2, y2]: Corners, right = 1, bottom = 1): Corners => {
  const limit = (v: number, top: number): number => Math.max(Math.min(v, top), 0);
  return [limit(x1, right), limit(y1, bottom), limit(x2, right), limit(y2, bottom)];
};

/** Of the candidates in order, those that overlap none taken before by more than the threshold; `most` at the most. `extra` as in `overlap`. */
export function suppress<T>(
  candidates: readonly T[],
  corners: (candidate: T) => Corners,
  threshold: number,
  { extra = 0, most = Number.POSITIVE_INFINITY }: { extra?: number; most?: number } = {},
): T[] {
  const boxOf = (c: T) => {
    const [x1, y1, x2, y2] = corners(c);
    return { x1, y1, x2, y2 };
  };
  const kept: T[] = [];
  for (const c of candidates) {
    if (kept.length >= most) break;
    if (kept.every((k) => overlap(boxOf(k), boxOf(c), extra) <= threshold)) kept.push(c);
  }
  return kept;
}
