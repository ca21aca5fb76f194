import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../lib/workspace.mjs';

it('counts passes, failures, and skips with their reasons', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cuvee-reporter-'));
  const report = join(folder, 'report.json');
  try {
    const { status } = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--root',
        join(root, 'scripts/test/counting'),
        `--reporter=${join(root, 'scripts/lib/vitest-reporter.mjs')}`,
      ],
      { env: { ...process.env, CUVEE_TEST_REPORT: report }, stdio: 'ignore' },
    );
    const outcome = JSON.parse(readFileSync(report, 'utf8')) as {
      passed: number;
      failed: string[];
      skipped: { name: string; reason: string }[];
    };
    expect(status).toBe(1);
    expect(outcome.passed).toBe(1);
    expect(outcome.failed).toEqual(['sample.case.ts > fails: expected 1 to be 2 // Object.is equality']);
    expect(outcome.skipped.map(({ name, reason }) => [name.split(' > ').at(-1), reason])).toEqual([
      ['asks the machine', 'needs a GPU'],
      ['reads a file (the file is absent)', 'the file is absent'],
      ['says nothing', ''],
      ['inherits the reason', 'needs AVX-512'],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
