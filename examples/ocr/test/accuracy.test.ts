import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { auto } from '@cuvee/auto';
import { onnx } from '@cuvee/frontend-onnx';
import { hetero } from '@cuvee/hetero';
import { multi } from '@cuvee/multi';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { Core } from 'cuvee';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePicture, openEngine, readText } from '../src/index.js';
import { editDistance, readingErrors } from './accuracy.js';
import type { CuveeEngine, EngineOptions, Quad, TextLine } from '../src/index.js';
import type { TrueLine } from './accuracy.js';

/** What stands in a picture, how well the reference reads it (real OpenVINO, CPU, f32), and what it reads. */
interface Truth {
  lines: TrueLine[];
  accuracy?: number;
  reference: { text: string; box: Quad }[];
}

const truths = JSON.parse(readFileSync(new URL('data/truth.json', import.meta.url), 'utf8')) as Record<string, Truth>;
const core = new Core({ plugins: [cpu(), reference(), auto(), hetero(), multi()], frontends: [onnx()] });
const absent = (await core.devices()).find(({ name }) => name === 'CPU')?.absent;

const joined = (lines: readonly { text: string }[]): string => lines.map(({ text }) => text).join('\n');

/** As good as the reference, up to half a percent or one character; where nothing is to be read, nothing read. */
function judge({ lines, accuracy, reference: expected }: Truth, read: readonly TextLine[]): void {
  if (accuracy !== undefined) {
    const { edits, characters } = readingErrors(lines, read);
    const asReference = (1 - accuracy) * characters;
    expect(edits, joined(read)).toBeLessThanOrEqual(Math.max(asReference + 0.005 * characters, Math.round(asReference) + 1));
  } else if (expected.length === 0) {
    expect(read).toEqual([]);
  } else {
    expect(editDistance(joined(read), joined(expected))).toBeLessThanOrEqual(joined(expected).length * 0.1);
  }
}

const few = ['poster-zh-en.png', 'sign.png', 'upside-down.png'];
const ways: { name: string; options: EngineOptions; files: readonly string[]; devices: string[] }[] = [
  { name: 'CPU', options: { device: 'CPU', core }, files: Object.keys(truths), devices: ['CPU'] },
  { name: 'AUTO', options: { device: 'AUTO', core }, files: few, devices: ['CPU'] },
  { name: 'MULTI:CPU', options: { device: 'MULTI:CPU', core }, files: few, devices: ['CPU'] },
  {
    name: 'HETERO, sigmoids on REFERENCE',
    options: { device: 'HETERO:CPU,REFERENCE', core, onReference: ['HardSigmoid', 'Sigmoid'] },
    files: few,
    devices: ['CPU', 'REFERENCE'],
  },
];

describe.each(ways)('reading pictures on $name', ({ options, files, devices }) => {
  let engine: CuveeEngine | undefined;
  beforeAll(async () => {
    if (absent === undefined) engine = await openEngine(options);
  });
  afterAll(() => engine?.release());

  it.for(files)('%s', { timeout: 240_000 }, async (file, { skip }) => {
    if (!engine) return skip(`the CPU device is absent: ${absent}`);
    const picture = await decodePicture(fileURLToPath(new URL(`data/images/${file}`, import.meta.url)));
    judge(truths[file]!, (await readText(picture, engine)).lines);
    expect([...engine.devices.detection].sort()).toEqual(devices);
  });
});
