import { describe, expect, it } from 'vitest';
import { editDistance, readingErrors } from './accuracy.js';
import type { Quad } from '../src/picture.js';

const box = (x: number, y: number, width: number, height: number): Quad => [
  [x, y],
  [x + width, y],
  [x + width, y + height],
  [x, y + height],
];

describe('the measure of accuracy', () => {
  it('counts insertions, deletions and substitutions of characters', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', '三个字')).toBe(3);
    expect(editDistance('same', 'same')).toBe(0);
  });

  it('joins what was read in a line from left to right, spaces aside', () => {
    const truth = [{ text: 'SPRING CONCERT 2025', quad: box(0, 0, 100, 20) }];
    const read = [
      { text: '2025', box: box(70, 2, 25, 16) },
      { text: 'SPRINGCONCERT', box: box(2, 2, 60, 16) },
      { text: 'elsewhere', box: box(0, 50, 60, 16) },
    ];
    expect(readingErrors(truth, read)).toEqual({ edits: 0, characters: 17 });
  });

  it('joins a vertical line from the top, and counts an unread one as wholly wrong', () => {
    const truth = [
      { text: '海上月', quad: box(0, 0, 20, 90), vertical: true },
      { text: 'lost', quad: box(50, 0, 40, 10) },
    ];
    const read = [
      { text: '月', box: box(2, 60, 16, 28) },
      { text: '海土', box: box(2, 0, 16, 55) },
    ];
    expect(readingErrors(truth, read)).toEqual({ edits: 1 + 4, characters: 7 });
  });
});
