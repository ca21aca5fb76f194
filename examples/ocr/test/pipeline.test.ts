import { describe, expect, it } from 'vitest';
import { detectorInput, detectorSize } from '../src/detect.js';
import { blank } from '../src/picture.js';
import { readText } from '../src/read.js';
import { groupByWidth } from '../src/recognise.js';
import { stripBatch, writeStrip } from '../src/strip.js';
import type { Engine, FloatTensor, Network } from '../src/engine.js';

const zeros = (shape: number[]): FloatTensor => ({ data: new Float32Array(shape.reduce((a, b) => a * b)), shape });

describe('the detector', () => {
  it('reads the size that the reference reads', () => {
    const sizes: [number, number, number, number][] = [
      [900, 1200, 896, 1216],
      [384, 191, 1472, 736],
      [12119, 810, 12128, 800],
      [640, 367, 1280, 736],
    ];
    for (const [width, height, w, h] of sizes) expect(detectorSize(width, height)).toEqual({ width: w, height: h });
  });

  it('stays within memory for slivers and huge pictures', () => {
    for (const [width, height] of [
      [1, 1],
      [40, 1],
      [1, 4000],
      [20000, 15000],
    ] as const) {
      const size = detectorSize(width, height);
      expect(Math.min(size.width, size.height)).toBeGreaterThanOrEqual(32);
      expect(size.width * size.height).toBeLessThan(21_000_000);
    }
  });

  it('gets blue, green, red, normalised', () => {
    const picture = blank(736, 736);
    for (let i = 0; i < picture.data.length; i += 3) picture.data[i] = 255;
    const { data, shape } = detectorInput(picture);
    expect(shape).toEqual([1, 3, 736, 736]);
    const plane = 736 * 736;
    expect(data[0]).toBeCloseTo(-0.485 / 0.229, 5);
    expect(data[plane]).toBeCloseTo(-0.456 / 0.224, 5);
    expect(data[2 * plane]).toBeCloseTo((1 - 0.406) / 0.225, 5);
  });
});

describe('strips', () => {
  it('are padded with zeros to the right', () => {
    const batch = stripBatch(2, 100);
    const line = { ...blank(40, 24), data: new Uint8Array(40 * 24 * 3).fill(255) };
    writeStrip(batch, 1, line);
    const second = batch.data.subarray(3 * 48 * 100);
    expect([...second.subarray(78, 82)]).toEqual([1, 1, 0, 0]);
    expect(batch.data.subarray(0, 3 * 48 * 100).every((v) => v === 0)).toBe(true);
  });

  it('share a run when equally wide, within the budget', () => {
    const groups = groupByWidth([320, 500, 320, 320, 500, 9000], 700);
    expect(groups).toEqual([
      { width: 320, members: [0, 2] },
      { width: 500, members: [1] },
      { width: 320, members: [3] },
      { width: 500, members: [4] },
      { width: 9000, members: [5] },
    ]);
  });
});

describe('reading', () => {
  const alphabet = ['', 'a', 'b'];

  /** Sees two bars of text, the second upside down; reads every line as "ab". */
  function imagined(runs: [Network, readonly number[]][]): Engine {
    return {
      run: async (network, { shape }, use) => {
        runs.push([network, shape]);
        if (network === 'detection') {
          const map = zeros([1, 1, shape[2]!, shape[3]!]);
          for (const top of [100, 300]) for (let y = top; y < top + 40; y++) map.data.fill(0.9, y * shape[3]! + 100, y * shape[3]! + 300);
          return use(map);
        }
        const count = shape[0]!;
        if (network === 'classification') {
          return use({ data: Float32Array.from({ length: count * 2 }, (_, i) => (i === 3 ? 0.95 : 0.05)), shape: [count, 2] });
        }
        const output = zeros([count, 2, 3]);
        for (let i = 0; i < count; i++) output.data.set([0, 1, 0, 0, 0, 0.5], i * 6);
        return use(output);
      },
    };
  }

  it('goes from picture to lines, several lines in one run', async () => {
    const runs: [Network, readonly number[]][] = [];
    const { lines, times } = await readText(blank(736, 736), imagined(runs), alphabet);
    expect(runs.map(([network, shape]) => [network, shape[0]])).toEqual([
      ['detection', 1],
      ['classification', 2],
      ['recognition', 2],
    ]);
    expect(lines.map(({ text, confidence, turned }) => ({ text, confidence, turned }))).toEqual([
      { text: 'ab', confidence: 0.75, turned: false },
      { text: 'ab', confidence: 0.75, turned: true },
    ]);
    expect(lines[0]!.detection).toBeCloseTo(0.9, 5);
    expect(lines[0]!.box[0][1]).toBeLessThan(100);
    for (const ms of Object.values(times)) expect(ms).toBeGreaterThanOrEqual(0);
  });

  it('finds nothing on an empty page', async () => {
    const engine: Engine = { run: async (_, { shape }, use) => use(zeros([1, 1, shape[2]!, shape[3]!])) };
    expect((await readText(blank(20, 10), engine, alphabet)).lines).toEqual([]);
  });
});
