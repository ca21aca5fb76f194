/**
 * What ends, ends cleanly, and what is shared is held once: workers, processes, repeated loading. On dist, in processes of their own.
 * Small numbers by default; CUVEE_WORKERS, CUVEE_CYCLES and CUVEE_WEIGHTS_MIB make it as hard as one likes (1000, 1000, 1024).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeChain } from './model.js';

const number = (name: string, fallback: number) => Number(process.env[name] ?? fallback);
const workers = number('CUVEE_WORKERS', 60);
const cycles = number('CUVEE_CYCLES', 100);
const mebibytes = number('CUVEE_WEIGHTS_MIB', 128);
const full = mebibytes >= 1024;
const most = 60_000 + 400 * (workers + cycles);

const folder = mkdtempSync(join(tmpdir(), 'cuvee-lifetime-'));
const small = join(folder, 'small.xml');
const large = join(folder, 'large.xml');
beforeAll(() => writeChain(small, { size: 256, layers: 8, distinct: false }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const child = fileURLToPath(new URL('./child.mjs', import.meta.url));
function run(scenario: string, { model = small, size = 256, count = 0 } = {}) {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', child, scenario, model, String(size), String(count)],
    {
      encoding: 'utf8',
      timeout: most,
      env: { ...process.env, NODE_V8_COVERAGE: '' },
    },
  );
  return {
    status,
    signal,
    stderr: stderr.slice(0, 2000),
    said: stdout.trim() === '' ? undefined : (JSON.parse(stdout) as Record<string, unknown>),
  };
}
const clean = { status: 0, signal: null, stderr: '' };
const linux = process.platform === 'linux';

describe('a process with work pending', () => {
  it('exits with its code', () => expect(run('exit')).toMatchObject({ ...clean, status: 7 }));
  it('dies of an error with a stack and code 1', () =>
    expect(run('throw')).toMatchObject({ status: 1, signal: null, stderr: expect.stringContaining('thrown on purpose') }));
  it('dies of SIGTERM', () => expect(run('signal')).toMatchObject({ status: null, signal: 'SIGTERM', stderr: '' }));
  it('may handle SIGTERM', () => expect(run('handled')).toMatchObject({ ...clean, status: 9 }));
});

describe('processes beside each other', () => {
  it('forked children answer, and may be killed', () =>
    expect(run('fork', { count: 4 })).toMatchObject({ ...clean, said: { good: true } }));
  it('a cluster answers, and its workers end by themselves', () =>
    expect(run('cluster', { count: 2 })).toMatchObject({ ...clean, said: { same: true, codes: [0, 0] } }));
});

describe.skipIf(!linux)('memory (read from /proc)', () => {
  it(`${workers} workers are terminated during an inference`, { timeout: most }, () => {
    const { said, ...end } = run('terminate', { count: workers });
    expect(end).toMatchObject(clean);
    expect(said).toMatchObject({ same: true });
    expect(Number(said?.['late']) - Number(said?.['early'])).toBeLessThan(64 * 2 ** 20);
  });

  it(`${cycles} models are loaded, compiled, run and released`, { timeout: most }, () => {
    const { said, ...end } = run('cycles', { count: cycles });
    expect(end).toMatchObject(clean);
    expect(said).toMatchObject({ wrong: 0 });
    expect(Number(said?.['late']) - Number(said?.['early'])).toBeLessThan(16 * 2 ** 20);
  });

  it(`8 workers hold ${mebibytes} MiB of weights once`, { timeout: most }, () => {
    writeChain(large, { size: 2048, layers: mebibytes / 16, distinct: true });
    const [one, eight] = [1, 8].map((count) => {
      const { said, ...end } = run('weights', { model: large, size: 2048, count });
      expect(end).toMatchObject(clean);
      return Number(said?.['bytes']);
    }) as [number, number];
    rmSync(large.replace(/xml$/, 'bin'));
    // What a thread costs by itself, its JavaScript, counts too; beside few weights it is not a fifth.
    if (full) expect(eight).toBeLessThan(1.2 * one);
    else expect(eight - one).toBeLessThan(7 * Math.min(40, mebibytes / 2) * 2 ** 20);
    if (process.env['CUVEE_WEIGHTS_MIB'])
      console.log(`one worker ${(one / 2 ** 20).toFixed(0)} MiB, eight ${(eight / 2 ** 20).toFixed(0)} MiB`);
  });
});
