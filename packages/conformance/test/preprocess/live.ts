/**
 * @file Preprocessing of Cuvée beside that of OpenVINO, on combinations made from a seed: a table, and exit code 1 where they differ.
 *
 * `npx tsx --tsconfig tsconfig.tests.json packages/conformance/test/preprocess/live.ts --python PYTHON [--seed N] [--write]`
 * PYTHON has the packages openvino and numpy. `--write` keeps combinations and OpenVINO's results as the test's data.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Core } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { difference, prepare, readCombinations, runOn, type Combination } from './combination.js';
import { allowed, within } from './tolerance.js';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
});
const here = new URL('./', import.meta.url);
const folder = values.write ? here : pathToFileURL(`${mkdtempSync(join(tmpdir(), 'cuvee-preprocess-'))}/`);
const devices = ['REFERENCE', 'CPU'];

/** The row of one group: how many, how many OpenVINO refuses, and the largest differences on each device. */
interface Row {
  count: number;
  refused: number;
  readonly far: Record<string, { floats: number; units: number }>;
}

async function compare(core: Core, c: Combination, bytes: Uint8Array, row: Row): Promise<string[]> {
  if (c.refused !== undefined) {
    row.refused++;
    try {
      prepare(c);
      return [`${c.name}: built, but OpenVINO says: ${c.refused}`];
    } catch {
      return [];
    }
  }
  const problems: string[] = [];
  for (const device of devices) {
    try {
      const d = difference(c, bytes, await runOn(core, device, c));
      const far = (row.far[device] ??= { floats: 0, units: 0 });
      far.floats = Math.max(far.floats, d.floats);
      far.units = Math.max(far.units, d.units);
      if (!within(d, allowed(c)))
        problems.push(
          `${c.name} on ${device}: floats differ by ${d.floats.toExponential(1)}, ${(100 * d.share).toFixed(1)} % of integers by up to ${d.units}`,
        );
    } catch (error) {
      problems.push(`${c.name} on ${device}: ${String(error)}`);
    }
  }
  return problems;
}

const made = spawnSync(values.python, ['openvino_run.py', '--seed', values.seed, '--out', fileURLToPath(folder)], {
  cwd: fileURLToPath(here),
  stdio: 'inherit',
});
if (made.status !== 0) process.exit(2);
const { combinations, bytes } = readCombinations(folder);
const core = new Core({ plugins: [cpu(), reference()], frontends: [] });
const rows = new Map<string, Row>();
const problems: string[] = [];
for (const c of combinations) {
  const row = rows.get(c.group) ?? { count: 0, refused: 0, far: {} };
  rows.set(c.group, row);
  row.count++;
  problems.push(...(await compare(core, c, bytes, row)));
}
const show = (row: Row, device: string): string => {
  const far = row.far[device];
  return far ? `${far.floats.toExponential(1).padStart(8)} ${String(far.units).padStart(2)}` : ''.padStart(11);
};
console.log(
  `${'group'.padEnd(16)} count refused   ${devices.map((d) => d.padEnd(13)).join('')}(largest: floats relative, integers in units)`,
);
for (const [group, row] of rows)
  console.log(
    `${group.padEnd(16)} ${String(row.count).padStart(5)} ${String(row.refused).padStart(7)}   ${devices.map((d) => show(row, d)).join('  ')}`,
  );
for (const p of problems) console.log(p);
console.log(`${combinations.length} combinations, ${problems.length} problems`);
if (!values.write) rmSync(folder, { recursive: true });
process.exitCode = problems.length > 0 ? 1 : 0;
