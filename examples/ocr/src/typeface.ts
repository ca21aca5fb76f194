import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'opentype.js/dist/opentype.mjs';
import decompress from 'wawoff2/decompress.js';

/** A text as an outline: what `d` of an SVG `path` takes, baseline at (0, 0), and how far it runs. */
export interface Outline {
  readonly path: string;
  readonly width: number;
}

/** One stroke of a pen at size 1000: its letter in SVG and its points as x, y, x, y, … */
interface Stroke {
  readonly letter: string;
  readonly points: readonly number[];
}

/** One character at size 1000. */
interface Shape {
  readonly strokes: readonly Stroke[];
  readonly width: number;
}

/** The weight at which the variable font is drawn: medium. */
const WEIGHT = 500;
/** Size of the cached outlines. */
const EM = 1000;

/** A range of code points, both ends included, and the number of the font file that covers it. */
interface Range {
  readonly first: number;
  readonly last: number;
  readonly file: string;
}

/** Which of the package's files covers which characters: `{ "[4]": "U+1f1e9-1f1f5,U+…", … }`. */
function readRanges(folder: string): Range[] {
  const table = JSON.parse(readFileSync(join(folder, 'unicode.json'), 'utf8')) as Record<string, string>;
  return Object.entries(table).flatMap(([key, list]) =>
    list.split(',').map((part): Range => {
      const [first, last] = part.trim().replace(/^U\+/i, '').split('-');
      const file = `noto-sans-sc-${key.replace(/[[\]]/g, '')}-wght-normal.woff2`;
      return { first: parseInt(first!, 16), last: parseInt(last ?? first!, 16), file };
    }),
  );
}

/** The outline of a character that the font lacks: an empty frame. */
const MISSING: Shape = {
  width: EM,
  strokes: [
    { letter: 'M', points: [100, 0] },
    { letter: 'L', points: [900, 0, 900, -750, 100, -750] },
    { letter: 'Z', points: [] },
    { letter: 'M', points: [150, -50] },
    { letter: 'L', points: [150, -700, 850, -700, 850, -50] },
    { letter: 'Z', points: [] },
  ],
};

/** A character as SVG path data, scaled, its origin at x. */
function placed({ strokes }: Shape, x: number, scale: number): string {
  const number = (value: number, i: number): string => (value * scale + (i % 2 === 0 ? x : 0)).toFixed(2);
  return strokes.map(({ letter, points }) => letter + points.map(number).join(' ')).join('');
}

/** Noto Sans SC from its web-font files, of which only those are opened that a text needs. */
export class Typeface {
  readonly #folder: string;
  readonly #ranges: readonly Range[];
  readonly #files = new Map<string, Promise<ReturnType<typeof parse>>>();
  readonly #shapes = new Map<string, Shape>();

  constructor() {
    this.#folder = dirname(createRequire(import.meta.url).resolve('@fontsource-variable/noto-sans-sc/package.json'));
    this.#ranges = readRanges(this.#folder);
  }

  /** The outline of a text at `size` pixels; characters that the font lacks become a frame. */
  async outline(text: string, size: number): Promise<Outline> {
    const scale = size / EM;
    let path = '',
      x = 0;
    for (const character of text) {
      const shape = this.#shapes.get(character) ?? (await this.#load(character));
      path += placed(shape, x, scale);
      x += shape.width * scale;
    }
    return { path, width: x };
  }

  async #load(character: string): Promise<Shape> {
    const code = character.codePointAt(0)!;
    const shape = (await this.#find(character, code)) ?? MISSING;
    this.#shapes.set(character, shape);
    return shape;
  }

  async #find(character: string, code: number): Promise<Shape | undefined> {
    for (const { first, last, file } of this.#ranges) {
      if (code < first || code > last) continue;
      const font = await this.#open(file);
      const glyph = font.charToGlyph(character);
      if (glyph.index === 0) continue;
      const { commands } = glyph.getPath(0, 0, EM, { variation: { wght: WEIGHT } }, font);
      const strokes = commands.map(
        ({ type, x1, y1, x2, y2, x, y }): Stroke => ({
          letter: type,
          points: [x1, y1, x2, y2, x, y].filter((v) => v !== undefined),
        }),
      );
      return { strokes, width: (glyph.advanceWidth * EM) / font.unitsPerEm };
    }
    return undefined;
  }

  #open(file: string): Promise<ReturnType<typeof parse>> {
    const known = this.#files.get(file);
    if (known) return known;
    const bytes = readFileSync(join(this.#folder, 'files', file));
    const opened = decompress(bytes).then((font) => parse(font.slice().buffer as ArrayBuffer));
    this.#files.set(file, opened);
    return opened;
  }
}
