import { describe, expect, it } from 'vitest';
import { decode, readAlphabet } from '../src/ctc.js';

const alphabet = readAlphabet('a\nb\r\nc\n');

/** One row of probabilities per step: `likely` of the class named, the rest shared. */
function steps(...likely: [number, number][]): Float32Array {
  return Float32Array.from(
    likely.flatMap(([wanted, p]) =>
      Array.from({ length: alphabet.length }, (_, c) => (c === wanted ? p : (1 - p) / (alphabet.length - 1))),
    ),
  );
}

describe('CTC', () => {
  it('reads a dictionary between the blank and the space', () => {
    expect(alphabet).toEqual(['', 'a', 'b', 'c', ' ']);
  });

  it('merges repetitions unless a blank parts them, and drops blanks', () => {
    const rows = steps([0, 0.9], [1, 0.9], [1, 0.8], [0, 0.9], [1, 0.7], [4, 0.6], [3, 0.5]);
    const { text, confidence } = decode(rows, 0, 7, 5, alphabet);
    expect(text).toBe('aa c');
    expect(confidence).toBeCloseTo((0.9 + 0.7 + 0.6 + 0.5) / 4, 6);
  });

  it('reads one row of a batch', () => {
    const rows = steps([1, 0.9], [1, 0.9], [2, 0.8], [0, 0.9]);
    expect(decode(rows, 2 * 5, 2, 5, alphabet).text).toBe('b');
  });

  it('is not sure of nothing', () => {
    expect(decode(steps([0, 0.9], [0, 0.9]), 0, 2, 5, alphabet)).toEqual({ text: '', confidence: 0 });
  });
});
