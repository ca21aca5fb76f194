/**
 * @file Bundles each package to one file per entry: `exports["./x"]` = dist/x.js comes from src/x.ts, `bin` = dist/cli.js from
 * src/cli.ts, src/x.worker.ts becomes dist/x.worker.js, and an example's src/main.ts becomes dist/main.js. Relative sources are
 * taken in, dependencies stay imports. `node scripts/bundle.mjs [FOLDER…]` bundles those packages, without arguments all.
 */
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { entry, run, SetupError } from './lib/run.mjs';
import { filesBelow, fingerprint, packages, root, stamped, writeStamp } from './lib/workspace.mjs';

/** `{ source, output, executable }` of every entry point that the package's manifest names. */
function entriesOf({ folder, manifest, example }) {
  if (example)
    return ['src/main.ts', 'main.ts']
      .filter((path) => existsSync(join(folder, path)))
      .slice(0, 1)
      .map((source) => ({ source, output: 'dist/main.js' }));
  const exported = Object.values(manifest.exports ?? {}).map((target) => (typeof target === 'string' ? target : target.default));
  const bins = Object.values(manifest.bin ?? {});
  const workers = readdirSync(join(folder, 'src'))
    .filter((name) => name.endsWith('.worker.ts'))
    .map((name) => `./dist/${name.slice(0, -3)}.js`);
  return [...new Set([...exported, ...bins, ...workers])]
    .filter((output) => output?.startsWith('./dist/') && output.endsWith('.js'))
    .map((output) => {
      const stem = output.slice('./dist/'.length, -'.js'.length);
      const source = [`src/${stem}.ts`, `src/${stem}/index.ts`].find((path) => existsSync(join(folder, path)));
      return { source, output: output.slice(2), executable: bins.includes(output), wanted: `src/${stem}.ts` };
    });
}

async function bundlePackage(pack, esbuild) {
  const { folder, manifest, name } = pack;
  const sources = filesBelow(join(folder, 'src'));
  const value = fingerprint(
    [...sources, ...['package.json', 'main.ts'].map((file) => join(folder, file)).filter(existsSync), import.meta.filename],
    esbuild.version,
  );
  const stamp = join(folder, 'dist', '.bundled');
  const entries = entriesOf(pack);
  if (entries.length === 0 || (stamped(stamp, value) && entries.every(({ source, output }) => !source || existsSync(join(folder, output)))))
    return false;
  const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies });
  for (const { source, output, executable, wanted } of entries) {
    if (!source) {
      if (!executable) throw new SetupError(`${name}: package.json promises ${output}, but ${wanted} does not exist`);
      continue;
    }
    await esbuild
      .build({
        entryPoints: [join(folder, source)],
        outfile: join(folder, output),
        bundle: true,
        format: 'esm',
        platform: 'neutral',
        target: 'node20.19',
        mainFields: [],
        external: [...dependencies.flatMap((dependency) => [dependency, `${dependency}/*`]), 'node:*'],
        minify: true,
        lineLimit: 140, // Node prints the line that threw
        legalComments: 'none',
        banner: executable ? { js: '#!/usr/bin/env node' } : {},
        logLevel: 'error',
        absWorkingDir: root,
      })
      .catch((error) => {
        throw new SetupError(`${name}: bundling ${source} failed with ${error.errors?.length ?? 1} error(s), listed above`);
      });
    if (executable) chmodSync(join(folder, output), 0o755);
  }
  writeStamp(stamp, value);
  return true;
}

/** Bundles the given packages (default: all); false when every one of them was up to date. */
export async function bundle(chosen = packages()) {
  const esbuild = await import('esbuild').catch(() => {
    throw new SetupError('esbuild is not installed. Type: npm install');
  });
  const results = await Promise.all(chosen.map((pack) => bundlePackage(pack, esbuild)));
  return results.some(Boolean);
}

/** Makes `npx cuvee` work in the checkout: npm links a bin only when its file exists, and ours exist after bundling. */
export async function linkCommands() {
  const bins = join(root, 'node_modules', '.bin');
  for (const { folder, manifest } of packages()) {
    for (const [command, file] of Object.entries(manifest.bin ?? {})) {
      const target = join(folder, file);
      const link = join(bins, command);
      if (!existsSync(target) || existsSync(link) || process.platform === 'win32') continue;
      mkdirSync(bins, { recursive: true });
      if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link);
      symlinkSync(relative(bins, target), link);
    }
  }
  if (process.platform === 'win32' && !existsSync(join(bins, 'cuvee.cmd'))) await run('npm', ['rebuild', '--ignore-scripts']);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const wanted = process.argv.slice(2).map((path) => basename(resolve(path)));
  entry(async () => {
    await bundle(packages().filter(({ folder }) => wanted.length === 0 || wanted.includes(basename(folder))));
  });
}
