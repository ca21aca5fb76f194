import type { Point, Quad } from '../src/picture.js';

/** A line of text that is known to stand in a picture. */
export interface TrueLine {
  readonly text: string;
  readonly quad: Quad;
  /** Whether the text runs from the top of the quad to its bottom. */
  readonly vertical?: boolean;
}

/** Levenshtein's distance in characters (code points). */
export function editDistance(a: string, b: string): number {
  const target = [...b];
  let row = Array.from({ length: target.length + 1 }, (_, i) => i);
  for (const [i, x] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, y] of target.entries()) {
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (x === y ? 0 : 1)));
    }
    row = next;
  }
  return row[target.length]!;
}

/** Whether a point lies in a polygon or on its border. */
function contains(polygon: readonly Point[], [x, y]: Point): boolean {
  let inside = false;
  for (const [i, [ax, ay]] of polygon.entries()) {
    const [bx, by] = polygon[(i + 1) % polygon.length]!;
    const cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
    const between = (x - ax) * (x - bx) <= 0 && (y - ay) * (y - by) <= 0;
    if (cross === 0 && between) return true;
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
  }
  return inside;
}

const spaceless = (text: string): string => text.replace(/\s+/g, '');

/** Characters of the true lines and how many of them were read wrongly. */
export interface Errors {
  readonly edits: number;
  readonly characters: number;
}

/**
 * Counts reading errors: a true line's reading is every read line whose centre lies in its quad, joined along
 * the quad's upper edge (its left side when vertical), spaces ignored.
 */
export function readingErrors(truth: readonly TrueLine[], read: readonly { readonly text: string; readonly box: Quad }[]): Errors {
  const centres = read.map(({ text, box }) => ({
    text,
    centre: [box.reduce((s, p) => s + p[0], 0) / 4, box.reduce((s, p) => s + p[1], 0) / 4] as Point,
  }));
  let edits = 0;
  let characters = 0;
  for (const { text, quad, vertical } of truth) {
    const end = vertical ? quad[3] : quad[1];
    const along = (p: Point): number => p[0] * (end[0] - quad[0][0]) + p[1] * (end[1] - quad[0][1]);
    const parts = centres.filter(({ centre }) => contains(quad, centre)).sort((a, b) => along(a.centre) - along(b.centre));
    const wanted = spaceless(text);
    const length = [...wanted].length;
    characters += length;
    edits += Math.min(editDistance(wanted, spaceless(parts.map((part) => part.text).join(''))), length);
  }
  return { edits, characters };
}
