/** @file What is published: folders made of a package's built files and a manifest without scripts, and their tarballs. Plain Node. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './workspace.mjs';

const notShipped = /[\\/](\.bundled|\.tsbuildinfo)$/;

/** Every file below a folder with its bytes. */
export const filesOf = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((file) => file.isFile())
    .map((file) => ({ path: join(file.parentPath, file.name), bytes: statSync(join(file.parentPath, file.name)).size }));

/**
 * Copies what a workspace package publishes below `staging`; `prebuilts` become optional dependencies of the CPU device. Modes are
 * set, not copied, so that tarballs do not depend on a checkout's. Returns the folder.
 */
export function stage({ folder, manifest }, prebuilts, staging) {
  const target = join(staging, basename(folder));
  mkdirSync(target, { recursive: true });
  for (const published of manifest.files ?? ['dist']) {
    const source = join(folder, published);
    if (existsSync(source)) cpSync(source, join(target, published), { recursive: true, filter: (path) => !notShipped.test(path) });
  }
  if (existsSync(join(folder, 'README.md'))) copyFileSync(join(folder, 'README.md'), join(target, 'README.md'));
  for (const notice of ['LICENSE', 'THIRD-PARTY-NOTICES.md'])
    if (existsSync(join(root, notice))) copyFileSync(join(root, notice), join(target, notice));
  const { scripts, devDependencies, ...published } = manifest;
  if (manifest.name === '@cuvee/plugin-cpu')
    published.optionalDependencies = {
      ...published.optionalDependencies,
      ...Object.fromEntries(prebuilts.map(({ name, version }) => [name, version])),
    };
  published.publishConfig = { access: 'public', ...published.publishConfig };
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  const programs = new Set(Object.values(manifest.bin ?? {}).map((path) => join(target, path)));
  for (const { path } of filesOf(target)) chmodSync(path, programs.has(path) ? 0o755 : 0o644);
  return target;
}

/** `npm pack` of folders into `out`: name, version, tarball, integrity, sizes in bytes and number of files of each, in order. */
export function packFolders(folders, out) {
  mkdirSync(out, { recursive: true });
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', out, ...folders], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      stdio: ['ignore', 'pipe', 2],
    }),
  );
  return packed.map((one) => ({
    name: one.name,
    version: one.version,
    tarball: join(out, one.filename),
    integrity: one.integrity,
    bytes: one.size,
    unpacked: one.unpackedSize,
    files: one.files.map(({ path }) => path),
    manifest: JSON.parse(readFileSync(join(folders[packed.indexOf(one)], 'package.json'), 'utf8')),
  }));
}
