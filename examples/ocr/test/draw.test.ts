import { describe, expect, it } from 'vitest';
import { annotate } from '../src/draw.js';
import { placeTags } from '../src/layout.js';
import { blank } from '../src/picture.js';
import { Typeface } from '../src/typeface.js';
import type { Quad } from '../src/picture.js';
import type { TextLine } from '../src/read.js';

const face = new Typeface();
const box = (x: number, y: number, width: number, height: number): Quad => [
  [x, y],
  [x + width, y],
  [x + width, y + height],
  [x, y + height],
];
const line = (text: string, quad: Quad, confidence = 0.99): TextLine => ({ text, confidence, box: quad, detection: 0.9, turned: false });

describe('the typeface', () => {
  it('has Latin and Chinese characters, each a full em wide', async () => {
    const latin = await face.outline('Ab', 100),
      chinese = await face.outline('海上', 100);
    expect(chinese.width).toBeCloseTo(200, 5);
    expect(latin.width).toBeGreaterThan(90);
    expect(latin.width).toBeLessThan(160);
    for (const { path } of [latin, chinese]) expect(path).toMatch(/^(?:[MLQCZ](?:-?\d+\.\d\d ?)*)+$/);
  });

  it('frames a character that it lacks and skips a space', async () => {
    expect((await face.outline('\u{10ffff}', 10)).path).toContain('Z');
    const space = await face.outline(' ', 10);
    expect(space.path).toBe('');
    expect(space.width).toBeGreaterThan(1);
  });
});

describe('the annotated picture', () => {
  it('has the list beside an upright picture and below a wide one', async () => {
    const lines = [line('一行字', box(30, 30, 200, 40)), line('<&">', box(30, 90, 200, 40), 0.5)];
    const upright = await annotate(blank(900, 1200), lines, 'caption', face);
    expect(upright.frame.panel).toMatchObject({ x: 900, y: 0 });
    const wide = await annotate(blank(4000, 500), lines, 'caption', face);
    expect(wide.frame.panel).toMatchObject({ x: 0, y: 500, width: 4000 });
    expect(wide.svg).not.toMatch(/NaN|undefined/);
    expect(wide.svg.match(/<polygon/g)).toHaveLength(2 * lines.length);
  });

  it('enlarges a small picture, and has room for every line of a dense one', async () => {
    const tiny = await annotate(blank(40, 30), [], 'caption', face);
    expect(tiny.frame.picture).toEqual({ width: 160, height: 120 });
    const dense = await annotate(
      blank(300, 300),
      Array.from({ length: 200 }, (_, i) => line(`${i}`, box(0, i, 9, 1))),
      'caption',
      face,
    );
    expect(dense.frame.height).toBeGreaterThan(dense.frame.rowHeight * 100);
  });

  it('puts tags where they hide no text', async () => {
    const boxes = [box(0, 0, 300, 40), box(100, 100, 300, 40), box(100, 145, 300, 40), box(450, 100, 100, 40)];
    const { frame } = await annotate(
      blank(900, 900),
      boxes.map((b) => line('x', b)),
      'caption',
      face,
    );
    const tags = placeTags(boxes, frame);
    for (const { x, y } of tags) {
      const hidden = boxes.filter(
        ([[left, top], , [right, bottom]]) => x < right && left < x + frame.tag.width && y < bottom && top < y + frame.tag.height,
      );
      expect(hidden).toEqual([]);
    }
    expect(new Set(tags.map(({ x, y }) => `${x} ${y}`)).size).toBe(boxes.length);
  });
});
