/** The built packages in processes of their own: one module by every way, log lines, and how processes end. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const child = fileURLToPath(new URL('child.mjs', import.meta.url));
const run = (what: string, env: Record<string, string> = {}) => {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [child, what], {
    encoding: 'utf8',
    timeout: 50_000,
    env: { ...process.env, ...env },
  });
  return { status, signal, said: stdout.trim() === '' ? undefined : (JSON.parse(stdout) as unknown), stderr };
};

describe('cuvee/openvino-node and @cuvee/openvino-node', () => {
  it('are one module for import and require, and share the classes of @cuvee/core', () => {
    expect(run('same')).toMatchObject({ status: 0, said: [true, true, true, true, 'function', true] });
  });
  it('find the installed devices', () => {
    expect(run('run')).toMatchObject({ status: 0, said: [0.5, 0.5], stderr: '' });
  });
});

describe('the end of a process', () => {
  it.each([
    ['unreleased', 0, 'done'],
    ['pending', 0, [4000, 4000]],
    ['failing', 0, 'done'],
    ['exit', 7, undefined],
    ['uncaught', 1, undefined],
    ['workers', 0, 'alive'],
  ])('%s: status %d', (what, status, said) => {
    const ended = run(what);
    expect(ended, ended.stderr).toMatchObject({ status, signal: null, said });
  });
});

describe('CUVEE_LOG', () => {
  it.each([
    ['', 0],
    ['error', 0],
    ['info', 2],
    ['LOG_DEBUG', 3],
    ['trace', 6],
  ])('%s: %d lines on stderr, none on stdout', (CUVEE_LOG, lines) => {
    const { said, stderr, status } = run('log', { CUVEE_LOG });
    expect([status, said, stderr.split('\n').filter((l) => l.startsWith('cuvee ')).length]).toEqual([0, undefined, lines]);
    if (lines >= 3) expect(stderr).toMatch(/DEBUG infer "m" CPU inputs \[1,2\] [\d.]+ ms/);
  });
});
