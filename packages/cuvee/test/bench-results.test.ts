/** The results section of bench/README.md is what the bench measured, machine and date included. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Core, interpret } from '@cuvee/core';
import onnx from '@cuvee/frontend-onnx';
import { reference } from '@cuvee/plugin-reference';
// @ts-expect-error plain JavaScript without declarations
import { figure, interval, median } from '../../../bench/lib/figures.mjs';
// @ts-expect-error plain JavaScript without declarations
import { smallModel } from '../../../bench/lib/small.mjs';
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
    expect([123.4, 12.34, 1.234, 0.1234, 0.001234].map(figure)).toEqual(['123', '12.3', '1.23', '0.12', '0.0012']);
  });
});

describe('the model of next to no work', () => {
  it('is what its name says, read as ONNX', () => {
    const model = new Core({ plugins: [reference()], frontends: [onnx()] }).readModelSync(new Uint8Array(smallModel()));
    const [y] = interpret(model, [{ type: 'f32', shape: [1, 64], data: new Float32Array(64).fill(1) }]);
    const column = (j: number): number =>
      Array.from({ length: 64 }, (_, k) => (((64 * k + j) % 13) - 6) / 40).reduce((a, b) => a + b, j / 64);
    expect(y?.shape).toEqual([1, 64]);
    for (const j of [0, 17, 63]) expect(Number(y?.data[j])).toBeCloseTo(Math.max(0, column(j)), 4);
  });
});
