import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cropLine, perspective, warp } from '../src/crop.js';
import { findContours } from '../src/contours.js';
import { grow, meanInside } from '../src/polygon.js';
import { inReadingOrder } from '../src/order.js';
import { readingOrder, smallestRectangle } from '../src/rectangle.js';
import { resizeBilinear } from '../src/resize.js';
import { halfTurn, quarterTurn } from '../src/picture.js';
import type { Picture, Quad } from '../src/picture.js';

/** Results of OpenCV and pyclipper, written by make_golden.py; rasters as base64. */
interface Golden {
  resize: { width: number; height: number; data: string; toWidth: number; toHeight: number; expected: string }[];
  contours: { width: number; height: number; data: string; expected: number[][] }[];
  rectangles: { outline: number[]; corners: number[][]; shorterSide: number }[];
  grown: { quad: Quad; distance: number; expected: number[][] }[];
  means: { width: number; height: number; data: string; cases: { quad: Quad; expected: number }[] };
  warps: { width: number; height: number; data: string; cases: { quad: Quad; width: number; height: number; expected: string }[] };
}

const golden = JSON.parse(readFileSync(new URL('data/golden.json', import.meta.url), 'utf8')) as Golden;
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const picture = (width: number, height: number, data: string): Picture => ({ width, height, data: bytes(data) });

describe('geometry equals OpenCV and Clipper', () => {
  it.each(golden.resize)('resizes $width x $height to $toWidth x $toHeight bit by bit', (c) => {
    const out = resizeBilinear(picture(c.width, c.height, c.data), c.toWidth, c.toHeight);
    expect([out.width, out.height]).toEqual([c.toWidth, c.toHeight]);
    expect(out.data).toEqual(bytes(c.expected));
  });

  it.each(golden.contours)('follows the borders of a $width x $height bitmap, holes too', (c) => {
    const found = findContours(bytes(c.data), c.width, c.height, 0.3);
    expect(found.map((contour) => [...contour])).toEqual(c.expected);
  });

  it('finds the smallest rectangle', () => {
    for (const c of golden.rectangles) {
      const found = smallestRectangle(c.outline);
      expect(found.corners).toEqual(c.corners);
      expect(found.shorterSide).toBe(c.shorterSide);
    }
  });

  it('grows polygons with round corners', () => {
    for (const c of golden.grown) expect(grow(c.quad, c.distance)).toEqual(c.expected);
  });

  it('averages a map under a quad', () => {
    const { width, height, data, cases } = golden.means;
    const map = new Float32Array(bytes(data).buffer);
    for (const c of cases) expect(meanInside(map, width, height, c.quad)).toBeCloseTo(c.expected, 7);
  });

  it('averages what lies on the map of a quad that reaches beyond it', () => {
    const map = Float32Array.from({ length: 40 * 20 }, (_, i) => (i % 40 < 10 || i % 40 >= 32 ? 1 : 0));
    const beyondLeft: Quad = [
      [-4, 2],
      [10, 2],
      [10, 12],
      [-4, 12],
    ];
    const beyondRight: Quad = [
      [31, -3],
      [50, -3],
      [50, 25],
      [31, 25],
    ];
    expect(meanInside(map, 40, 20, beyondLeft)).toBeCloseTo(10 / 11, 7);
    expect(meanInside(map, 40, 20, beyondRight)).toBeCloseTo(8 / 9, 7);
  });

  it.each(golden.warps.cases)('straightens $quad to $width x $height', (c) => {
    const corners: Quad = [
      [0, 0],
      [c.width, 0],
      [c.width, c.height],
      [0, c.height],
    ];
    const out = warp(picture(golden.warps.width, golden.warps.height, golden.warps.data), perspective(corners, c.quad)!, c.width, c.height);
    const expected = bytes(c.expected);
    const differences = [...out.data].map((v, i) => Math.abs(v - expected[i]!));
    // OpenCV sums in float32: a value on the border of two levels may fall to the other one.
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    expect(differences.filter((d) => d > 0).length).toBeLessThan(expected.length * 0.002);
  });
});

describe('boxes', () => {
  it('begins at the top left and goes clockwise', () => {
    expect(
      readingOrder([
        [9, 8],
        [1, 2],
        [2, 9],
        [10, 1],
      ]),
    ).toEqual([
      [1, 2],
      [10, 1],
      [9, 8],
      [2, 9],
    ]);
  });

  it('reads rows from the top and each from the left', () => {
    const at = (x: number, y: number): { box: Quad } => ({
      box: [
        [x, y],
        [x + 5, y],
        [x + 5, y + 5],
        [x, y + 5],
      ],
    });
    const sorted = inReadingOrder([at(50, 12), at(0, 40), at(10, 15), at(90, 10)]);
    expect(sorted.map(({ box }) => box[0])).toEqual([
      [10, 15],
      [50, 12],
      [90, 10],
      [0, 40],
    ]);
  });
});

describe('crops', () => {
  const numbered = (width: number, height: number): Picture => ({
    width,
    height,
    data: Uint8Array.from({ length: width * height * 3 }, (_, i) => i),
  });

  it('turns by a quarter counter-clockwise and by a half', () => {
    const source = numbered(2, 1);
    expect(quarterTurn(source)).toEqual({ width: 1, height: 2, data: Uint8Array.of(3, 4, 5, 0, 1, 2) });
    expect(halfTurn(source)).toEqual({ width: 2, height: 1, data: Uint8Array.of(3, 4, 5, 0, 1, 2) });
  });

  it('lays text that runs downwards on its side, and refuses a box without area', () => {
    const source = numbered(40, 40);
    expect(
      cropLine(source, [
        [5, 5],
        [15, 5],
        [15, 35],
        [5, 35],
      ]),
    ).toMatchObject({ width: 30, height: 10 });
    expect(
      cropLine(source, [
        [5, 5],
        [35, 5],
        [35, 15],
        [5, 15],
      ]),
    ).toMatchObject({ width: 30, height: 10 });
    expect(
      cropLine(source, [
        [5, 5],
        [5, 5],
        [5, 5],
        [5, 5],
      ]),
    ).toBeUndefined();
    expect(
      cropLine(source, [
        [0, 0],
        [10, 10],
        [20, 20],
        [30, 30],
      ]),
    ).toBeUndefined();
  });
});
