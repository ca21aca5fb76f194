/** The behaviour suite on every device of the house, one of a third party, and meta-devices over both: by the built command, as users run it. */
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/report.js';
import { conformance } from '../corpus.js';

const folder = mkdtempSync(join(tmpdir(), 'cuvee-contract-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const noop = (): void => undefined;
const mine = fileURLToPath(new URL('../../../../examples/third-party-device', import.meta.url));
/** Half of the operations: sums go to the CPU, products to MINE. */
const half = ['--set', 'MINE.SUPPORTED_SHARE=0.5', '--set', 'MINE.SEED=3'];

const devices: readonly (readonly [device: string, ...flags: string[]])[] = [
  ['CPU'],
  ['REFERENCE'],
  ['MINE'],
  ['AUTO'],
  ['AUTO:MINE,CPU'],
  ['HETERO:MINE,CPU', ...half],
  ['MULTI:MINE,CPU'],
  ['BATCH:CPU(4)'],
  ['AUTO:BATCH(CPU(4)),HETERO(MINE,CPU)', ...half],
];

/** Two at a time: the checks measure time. Each begins when an earlier one ends, whatever became of it. */
const running = new Set<Promise<unknown>>();
const started: { readonly device: string; readonly file: string; readonly run: Promise<{ readonly stdout: string }> }[] = [];
let before: Promise<unknown> = Promise.resolve();
for (const [device, ...flags] of devices) {
  const file = join(folder, `${device.replace(/\W/g, '_')}.json`);
  const free = before.then(() => (running.size < 2 ? undefined : Promise.race(running)));
  const run = free.then(() => {
    const one = conformance(['--contract', '--plugin', mine, '--device', device, ...flags, '--json', file]);
    const ended: Promise<unknown> = one.then(noop, noop).then(() => running.delete(ended));
    running.add(ended);
    return one;
  });
  // Once it runs, the next may wait for its place.
  before = free.then(noop);
  started.push({ device, file, run });
}

describe('cuvee-conformance --contract', () => {
  it.each(started)(
    '$device',
    async ({ file, run }) => {
      const { stdout } = await run;
      const { cases } = JSON.parse(readFileSync(file, 'utf8')) as Report;
      const failed = Object.entries(cases).filter(([, c]) => c.status === 'fail');
      expect(Object.fromEntries(failed), stdout).toEqual({});
      expect(Object.values(cases).filter((c) => c.status === 'pass').length).toBeGreaterThan(60);
    },
    600_000,
  );
});
