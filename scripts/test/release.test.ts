/** The release flow, as far as it goes without a registry: versions and changelogs from the changesets, and judging binaries. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeBinary } from '../lib/binary.mjs';
import { platforms } from '../lib/platforms.mjs';
import { judgeBinary } from '../lib/prebuilt.mjs';
import { packages, root } from '../lib/workspace.mjs';

const scratch = mkdtempSync(join(tmpdir(), 'cuvee-release-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly private?: boolean;
}
const manifestIn = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

describe('changeset version', () => {
  it('raises every changed package and whoever depends on it, and writes what changed', { timeout: 60_000 }, () => {
    for (const path of [
      'package.json',
      '.changeset',
      ...packages().map(({ folder }) => join(folder.slice(root.length + 1), 'package.json')),
    ]) {
      mkdirSync(dirname(join(scratch, path)), { recursive: true });
      cpSync(join(root, path), join(scratch, path), { recursive: true });
    }
    const git = (...words: string[]) => execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...words], { cwd: scratch });
    git('init', '-q', '-b', 'main');
    git('add', '-A');
    git('commit', '-q', '-m', 'as it is');
    const changesets = readdirSync(join(scratch, '.changeset')).filter((name) => name.endsWith('.md'));
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules/@changesets/cli/bin.js'), 'version'], {
      cwd: scratch,
      encoding: 'utf8',
      env: { ...process.env, CI: 'true' },
    });
    expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
    expect(readdirSync(join(scratch, '.changeset')).filter((name) => name.endsWith('.md'))).toEqual([]);
    const moved = packages().filter(
      ({ folder }) => manifestIn(join(scratch, folder.slice(root.length))).version !== manifestIn(folder).version,
    );
    if (changesets.length > 0) expect(moved.length).toBeGreaterThan(0);
    const versions = new Map(packages().map(({ name, folder }) => [name, manifestIn(join(scratch, folder.slice(root.length))).version]));
    for (const { folder } of packages()) {
      const raised = join(scratch, folder.slice(root.length));
      for (const [name, version] of Object.entries(manifestIn(raised).dependencies ?? {}))
        if (versions.has(name)) expect(version).toBe(versions.get(name));
    }
    for (const { folder } of moved) expect(existsSync(join(scratch, folder.slice(root.length), 'CHANGELOG.md'))).toBe(true);
  });
});

describe('a binary', () => {
  const elf = platforms.find(({ name }) => name === 'linux-x64-gnu') as (typeof platforms)[number];
  const built = join(root, 'packages/plugin-cpu/build/cuvee_cpu.node');

  it.skipIf(process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(built))(
    'built here holds the promises (read from build/, Linux x64)',
    () => {
      const bytes = readFileSync(built);
      const found = describeBinary(bytes);
      expect(found).toMatchObject({ format: 'elf', machine: 'x64', offers: expect.arrayContaining(['napi_register_module_v1']) });
      expect(found.needs).toContain('napi_create_function');
      expect(judgeBinary(elf, bytes).problems).toEqual([]);
      const arm = platforms.find(({ name }) => name === 'linux-arm64-musl') as (typeof platforms)[number];
      expect(judgeBinary(arm, bytes).problems.join('\n')).toMatch(/is elf for x64, not elf for arm64[\s\S]*needs libc\.so\.6/);
    },
  );

  it.skipIf(process.platform !== 'linux')('of another kind is refused (Linux: Node itself is one)', () => {
    const { problems } = judgeBinary(elf, readFileSync(process.execPath));
    expect(problems.join('\n')).toMatch(/does not offer napi_register_module_v1/);
    expect(() => describeBinary(Buffer.from('#!/bin/sh\n'.repeat(20)))).toThrow(/neither/);
  });
});
