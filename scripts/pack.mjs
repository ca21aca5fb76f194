/**
 * @file `npm run pack`: tarballs of all public packages in out/packages, with the prebuilt binaries that there are
 * (`npm run prebuilds` makes all of them). With `--assert` every package is judged (lib/judge.mjs), packed a second time to the same
 * bytes, and core, the CPU device, its binary and the ONNX frontend are installed by npm into an empty project, weighed against 10 MB,
 * and made to run the README's example as ES module, CommonJS, TypeScript and bundled (scripts/install-matrix.mjs).
 */
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { printMatrix, tryMatrix } from './install-matrix.mjs';
import { judgePackage } from './lib/judge.mjs';
import { ownPlatform } from './lib/platforms.mjs';
import { makePrebuilts } from './lib/prebuilt.mjs';
import { entry, SetupError } from './lib/run.mjs';
import { filesOf, packFolders, stage } from './lib/staging.mjs';
import { packages, root } from './lib/workspace.mjs';
import { setup } from './setup.mjs';

/** Where the tarballs land. */
export const out = join(root, 'out', 'packages');
const sizeLimit = 10e6;

const publicPackages = () => packages().filter(({ manifest }) => !manifest.private);

/** Stages and packs everything; `{ packed, folders, prebuilts }`, the platforms' packages first, as they are published first. */
export function packAll(destination = out, staging = join(root, 'out', 'staging')) {
  rmSync(destination, { recursive: true, force: true });
  rmSync(staging, { recursive: true, force: true });
  const prebuilts = makePrebuilts();
  const folders = [...prebuilts.map(({ folder }) => folder), ...publicPackages().map((pack) => stage(pack, prebuilts, staging))];
  return { packed: packFolders(folders, destination), folders, prebuilts };
}

/** Packs again, from files of another time, and compares the bytes. */
function assertSame(packed) {
  const other = mkdtempSync(join(tmpdir(), 'cuvee-again-'));
  try {
    const prebuilts = makePrebuilts();
    const folders = [
      ...prebuilts.map(({ folder }) => folder),
      ...publicPackages().map((pack) => stage(pack, prebuilts, join(other, 'staging'))),
    ];
    for (const { path } of folders.flatMap(filesOf)) utimesSync(path, 1e9, 1e9);
    const again = packFolders(folders, join(other, 'packages'));
    const differ = packed.filter(({ integrity }, i) => again[i]?.integrity !== integrity).map(({ name }) => name);
    if (differ.length > 0) throw new SetupError(`packed twice, these differ: ${differ.join(', ')}`);
    console.log(`packed twice: ${packed.length} tarballs with the same bytes`);
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
}

async function main() {
  await setup();
  const { packed, folders, prebuilts } = packAll();
  for (const { name, bytes, unpacked, files } of packed)
    console.log(
      `${name.padEnd(36)} ${(bytes / 1e3).toFixed(1).padStart(8)} kB packed ${(unpacked / 1e3).toFixed(1).padStart(8)} kB unpacked ${String(files.length).padStart(4)} files`,
    );
  for (const { platform, oldest, libraries } of prebuilts)
    console.log(`${platform.name}: needs ${[oldest, ...libraries].filter(Boolean).join(', ')}`);
  if (!process.argv.includes('--assert')) return 0;
  const own = prebuilts.find(({ platform }) => platform === ownPlatform());
  const judged = packed.map((one, i) => [one, folders[i]]).slice(prebuilts.length);
  const problems = [];
  for (const [one, folder] of judged) problems.push(...(await judgePackage(one, folder)));
  if (problems.length > 0) throw new SetupError(problems.join('\n'));
  console.log(`publint, are-the-types-wrong: ${judged.length} packages clean`);
  assertSame(packed);
  if (!own) {
    console.log('no native addon is built here, so the smallest installation cannot be tried');
    return 77;
  }
  const [npm] = await tryMatrix(packed, ['npm'], ['ESM', 'CommonJS', 'TypeScript', 'esbuild']);
  if (!printMatrix([npm])) throw new SetupError('the packed packages do not run everywhere, see above');
  if (npm.bytes > sizeLimit)
    throw new SetupError(`the smallest installation has ${(npm.bytes / 1e6).toFixed(2)} MB, limit ${sizeLimit / 1e6} MB`);
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) entry(main);
