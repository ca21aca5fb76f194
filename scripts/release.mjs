/**
 * @file `npm run release`: everything that a release consists of, in out/packages: tarballs of all packages and platforms, judged;
 * `cuvee.cdx.json`, the bill of materials (CycloneDX); `provenance.intoto.json`, from what and by what they were made (in-toto statement, SLSA
 * provenance 1). Nothing leaves this machine; `--publish` then publishes, platforms' packages first. docs/release.md tells the whole flow.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { judgePackage } from './lib/judge.mjs';
import { platforms } from './lib/platforms.mjs';
import { startRegistry } from './lib/registry.mjs';
import { entry, must, SetupError, say } from './lib/run.mjs';
import { root } from './lib/workspace.mjs';
import { out, packAll } from './pack.mjs';
import { setup } from './setup.mjs';

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const digestOf = (path, algorithm) => createHash(algorithm).update(readFileSync(path)).digest('hex');
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

/**
 * What somebody gets who installs every published package: CycloneDX, from `npm sbom` in a project that depends on all of them. The same
 * text for the same commit: instead of a random number and the time of day stand a digest and the commit's date.
 */
export async function billOfMaterials(packed) {
  const project = mkdtempSync(join(tmpdir(), 'cuvee-bill-'));
  const registry = await startRegistry(packed);
  try {
    const dependencies = Object.fromEntries(packed.filter(({ manifest }) => !manifest.os).map(({ name, version }) => [name, version]));
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'cuvee-release', version: '1.0.0', private: true, dependencies }));
    writeFileSync(join(project, '.npmrc'), `registry=${registry.address}\n`);
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    await must('npm', ['install', '--package-lock-only', '--ignore-scripts', ...quiet], { cwd: project });
    const flags = ['--sbom-format=cyclonedx', '--package-lock-only', '--loglevel=error'];
    const text = execFileSync('npm', ['sbom', ...flags], { cwd: project, encoding: 'utf8', maxBuffer: 1 << 28 });
    const bill = JSON.parse(text.replaceAll(registry.address, 'https://registry/'));
    const digest = createHash('sha256').update(JSON.stringify(bill.components)).digest('hex');
    return {
      ...bill,
      serialNumber: `urn:uuid:${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`,
      metadata: { ...bill.metadata, timestamp: new Date(Number(git('log', '-1', '--format=%ct')) * 1000).toISOString() },
    };
  } finally {
    registry.close();
    rmSync(project, { recursive: true, force: true });
  }
}

/** An unsigned in-toto statement about tarballs: their digests, the commit, the lockfile and the tools. */
export function provenance(tarballs, tools) {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: tarballs.map((path) => ({ name: basename(path), digest: { sha512: digestOf(path, 'sha512') } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'npm run release',
        externalParameters: { command: 'npm run release' },
        internalParameters: tools,
        resolvedDependencies: [
          { name: 'source', digest: { gitCommit: git('rev-parse', 'HEAD') } },
          { name: 'package-lock.json', digest: { sha512: digestOf(join(root, 'package-lock.json'), 'sha512') } },
        ],
      },
      runDetails: {
        builder: { id: process.env.CI_BUILDER_ID ?? 'a maintainer’s machine' },
        metadata: { invocationId: git('rev-parse', 'HEAD') },
      },
    },
  };
}

async function main() {
  const partial = process.argv.includes('--partial');
  const dirty = git('status', '--porcelain', '--untracked-files=no');
  if (dirty && !partial) throw new SetupError(`what is released is committed first:\n${dirty}`);
  await setup();
  const { packed, folders, prebuilts } = packAll();
  const missing = platforms.filter(({ name }) => !prebuilts.some(({ platform }) => platform.name === name)).map(({ name }) => name);
  if (missing.length > 0 && !partial)
    throw new SetupError(`no up-to-date binary for ${missing.join(', ')}. Type: npm run prebuilds   (--partial goes on without)`);
  const problems = [];
  for (const [i, one] of packed.entries()) if (i >= prebuilts.length) problems.push(...(await judgePackage(one, folders[i])));
  if (problems.length > 0) throw new SetupError(problems.join('\n'));
  writeFileSync(join(out, 'cuvee.cdx.json'), json(await billOfMaterials(packed)));
  const tools = {
    node: process.version,
    npm: execFileSync('npm', ['--version'], { encoding: 'utf8' }).trim(),
    os: `${process.platform} ${process.arch}`,
  };
  writeFileSync(
    join(out, 'provenance.intoto.json'),
    json(
      provenance(
        packed.map(({ tarball }) => tarball),
        tools,
      ),
    ),
  );
  console.log(`${packed.length} tarballs, cuvee.cdx.json and provenance.intoto.json in ${out}`);
  if (!process.argv.includes('--publish')) return;
  // npm signs a statement of its own where the builder can prove who it is.
  const signed = process.env.ACTIONS_ID_TOKEN_REQUEST_URL || process.env.SIGSTORE_ID_TOKEN ? ['--provenance'] : [];
  if (signed.length === 0) say('cuvee: no identity to sign with here, so npm gets no provenance of its own');
  for (const { tarball } of packed) await must('npm', ['publish', tarball, '--access', 'public', ...signed]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) entry(main);
