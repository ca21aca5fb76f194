/**
 * @file `npm run pack`: tarballs of all public packages in out/packages, with this platform's prebuilt binary. With `--assert`
 * each package is checked by publint, and core, the CPU device, its binary and the ONNX frontend are installed into an empty
 * project, weighed against 10 MB, and made to run the README's example.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { assertGlibc, makePrebuilt } from './lib/prebuilt.mjs';
import { entry, SetupError } from './lib/run.mjs';
import { packages, root } from './lib/workspace.mjs';
import { setup } from './setup.mjs';

const out = join(root, 'out', 'packages');
const staging = join(root, 'out', 'staging');
const smallest = ['@cuvee/core', '@cuvee/plugin-cpu', '@cuvee/frontend-onnx'];
const sizeLimit = 10e6;

const notShipped = /[\\/](\.bundled|\.tsbuildinfo)$/;

/** Copies what the package publishes, with a manifest without scripts and with the prebuilt binaries as optional dependencies. */
function stage({ folder, manifest }, prebuilt) {
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
  if (prebuilt && manifest.name === '@cuvee/plugin-cpu')
    published.optionalDependencies = { ...published.optionalDependencies, [prebuilt.name]: prebuilt.version };
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  return target;
}

/** `npm pack` of a folder; the tarball's path and sizes in bytes. */
function packFolder(folder) {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', out], { cwd: folder, encoding: 'utf8' }),
  );
  return {
    name: packed.name,
    tarball: join(out, packed.filename),
    bytes: packed.size,
    unpacked: packed.unpackedSize,
    files: packed.entryCount,
  };
}

async function lintPackage(folder) {
  const { publint } = await import('publint');
  const { formatMessage } = await import('publint/utils');
  const { messages } = await publint({ pkgDir: folder, pack: false, strict: true });
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return messages.filter(({ type }) => type !== 'suggestion').map((message) => `${manifest.name}: ${formatMessage(message, manifest)}`);
}

const bytesBelow = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((file) => file.isFile())
    .reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);

/** The first fenced program of README.md below the mark `<!-- example -->`. */
export function readmeExample() {
  const readme = existsSync(join(root, 'README.md')) ? readFileSync(join(root, 'README.md'), 'utf8') : '';
  return /<!-- example -->\s*```js\n([\s\S]*?)```/.exec(readme)?.[1];
}

/** Installs tarballs into an empty project and runs the README's example there on a small model. */
function tryInstalled(tarballs) {
  const project = mkdtempSync(join(tmpdir(), 'cuvee-packed-'));
  try {
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'packed', private: true, type: 'module' }));
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs], {
      cwd: project,
      stdio: ['ignore', 2, 2],
    });
    const bytes = bytesBelow(join(project, 'node_modules'));
    console.log(`installed into an empty project: ${(bytes / 1e6).toFixed(2)} MB (limit ${sizeLimit / 1e6} MB)`);
    if (bytes > sizeLimit)
      throw new SetupError(`the smallest installation has ${(bytes / 1e6).toFixed(2)} MB, limit ${sizeLimit / 1e6} MB`);
    const example = readmeExample();
    if (!example) throw new SetupError('README.md has no program below <!-- example -->');
    copyFileSync(join(root, 'scripts', 'data', 'model.onnx'), join(project, 'model.onnx'));
    writeFileSync(join(project, 'example.js'), example);
    const said = execFileSync(process.execPath, ['example.js'], { cwd: project, encoding: 'utf8', timeout: 60_000 });
    console.log(`README's example says:\n${said.trimEnd()}`);
    const expected = readFileSync(join(root, 'scripts', 'data', 'expected.txt'), 'utf8');
    if (said !== expected) throw new SetupError(`README's example should say:\n${expected}`);
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

entry(async () => {
  await setup();
  rmSync(out, { recursive: true, force: true });
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const prebuilt = makePrebuilt();
  const folders = packages()
    .filter(({ manifest }) => !manifest.private)
    .map((pack) => stage(pack, prebuilt));
  const packed = [...folders, ...(prebuilt ? [prebuilt.folder] : [])].map(packFolder);
  for (const { name, bytes, unpacked, files } of packed)
    console.log(
      `${name.padEnd(36)} ${(bytes / 1e3).toFixed(1).padStart(8)} kB packed ${(unpacked / 1e3).toFixed(1).padStart(8)} kB unpacked ${String(files).padStart(4)} files`,
    );
  if (prebuilt?.glibc) console.log(`native code needs GLIBC ${prebuilt.glibc.join('.')}`);
  if (!process.argv.includes('--assert')) return 0;
  const problems = (await Promise.all(folders.map(lintPackage))).flat();
  if (!prebuilt) {
    console.log('no native addon is built here, so the smallest installation cannot be tried');
    return 77;
  }
  assertGlibc(prebuilt);
  const wanted = [...smallest, prebuilt.name];
  tryInstalled(packed.filter(({ name }) => wanted.includes(name)).map(({ tarball }) => tarball));
  const unwritten = packages().filter(({ folder, manifest }) => manifest.bin && !existsSync(join(folder, 'src', 'cli.ts')));
  if (unwritten.length > 0) {
    console.log(`no command line in ${unwritten.map(({ name }) => name).join(', ')} yet`);
    return 77;
  }
  if (problems.length > 0) throw new SetupError(`publint:\n${problems.join('\n')}`);
  console.log(`publint: ${folders.length} packages clean`);
  return 0;
});
