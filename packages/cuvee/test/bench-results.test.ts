/** The results section of bench/README.md is what the bench measured, machine and date included. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
// @ts-expect-error plain JavaScript without declarations
import { interval, median } from '../../../bench/lib/figures.mjs';
// @ts-expect-error plain JavaScript without declarations
import { section, withSection } from '../../../bench/lib/section.mjs';

const told = {
  machine: { cpu: 'A | B', cores: 2, threads: 2, node: 'v20.20.0' },
  date: '2026-11-21T20:00:00.000Z',
  rows: [
    {
      name: 'det 640×640',
      kind: 'latency',
      against: { openvino: 0.6 },
      met: true,
      results: [
        { runner: 'cuvee', engine: 'cuvee 0.1.0 CPU', figure: 18.91, interval: [18.5, 19.2] },
        { runner: 'openvino', engine: 'openvino 2026.4.1', figure: 32.3, interval: [32, 33] },
      ],
      ratios: { openvino: { ratio: 0.586, interval: [0.58, 0.6] } },
    },
    {
      name: 'det, peak MB',
      kind: 'memory',
      limit: 110,
      met: false,
      results: [{ runner: 'cuvee', figure: 120, interval: [120, 120] }],
      ratios: {},
    },
  ],
};

describe('the results section', () => {
  it('has a line for each row', () => {
    const text: string = section(told);
    expect(text).toContain('A | B, 2 cores, 2 threads, Node v20.20.0, 2026-11-21. cuvee 0.1.0 CPU, openvino 2026.4.1.');
    const lines = text.split('\n').filter((line) => line.startsWith('|'));
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    expect(lines.map((line) => line.replaceAll(/ +/g, ' '))).toEqual(
      expect.arrayContaining([
        '| det 640×640 | 18.9 [18.5, 19.2] | 32.3: 0.59 [0.58, 0.60] | | ≤ 0.6 of openvino | met |',
        '| det, peak MB | 120 [120, 120] | | | ≤ 110 | missed |',
      ]),
    );
  });

  it('goes between the marks that bench/README.md has, again and again', () => {
    const readme = readFileSync(new URL('../../../bench/README.md', import.meta.url), 'utf8');
    const once: string = withSection(readme, 'new');
    expect(once).toContain('-->\n\nnew\n\n<!--');
    expect(withSection(once, 'new')).toBe(once);
    expect(() => withSection('nothing', 'new')).toThrow('lacks its marks');
  });

  it('rests on medians and intervals from the order of the rounds', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(interval([5, 1, 4, 2, 3, 7, 6])).toEqual([1, 7]);
    expect(interval([1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual([2, 8]);
    expect(interval([4])).toEqual([4, 4]);
  });
});
