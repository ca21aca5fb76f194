import type { Quad } from './picture.js';

/** Boxes whose top left corners differ by less than this many pixels in height stand in one row. */
const ROW_TOLERANCE = 10;

/** Sorts boxes into reading order: rows from the top, each row from the left. Returns a new array. */
export function inReadingOrder<T extends { readonly box: Quad }>(boxes: readonly T[]): T[] {
  const sorted = [...boxes].sort((a, b) => a.box[0][1] - b.box[0][1] || a.box[0][0] - b.box[0][0]);
  for (let i = 1; i < sorted.length; i++) {
    for (let j = i; j > 0; j--) {
      const before = sorted[j - 1]!,
        here = sorted[j]!;
      const sameRow = Math.abs(here.box[0][1] - before.box[0][1]) < ROW_TOLERANCE;
      if (!sameRow || here.box[0][0] >= before.box[0][0]) break;
      sorted[j - 1] = here;
      sorted[j] = before;
    }
  }
  return sorted;
}
