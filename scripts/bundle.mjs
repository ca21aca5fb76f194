/**
 * @file Bundles each package to one file per entry: `exports["./x"]` = dist/x.js comes from src/x.ts, dist/x.cjs is the same as
 * CommonJS, `bin` = dist/cli.js comes from src/cli.ts, src/x.worker.ts becomes dist/x.worker.js, and an example's src/main.ts, where
 * it has one, becomes dist/main.js. Relative sources are taken in, dependencies stay imports. A package with the condition `node` gets dist/node.cjs and
 * dist/node.js besides, which Node starts with compiled code from earlier processes: core/src/start.ts says how.
 * `node scripts/bundle.mjs [FOLDER…]` bundles those packages, without arguments all. With CUVEE_READABLE=1 names stay, for profiles.
 */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { partsOf } from './lib/chunks.mjs';
import { entry, run, SetupError } from './lib/run.mjs';
import { filesBelow, fingerprint, packages, root, stamped, writeStamp } from './lib/workspace.mjs';

/** What `start` of core calls. */
const asFunction = { banner: { js: '(function (require, moduleUrl, assign) { "use strict";' }, footer: { js: '})' } };
const readable = process.env['CUVEE_READABLE'] === '1';

/** `{ source, output, executable }` of every entry point that the package's manifest names. */
function entriesOf({ folder, manifest, example }) {
  const main = example && ['src/main.ts', 'main.ts'].find((path) => existsSync(join(folder, path)));
  if (main) return [{ source: main, output: 'dist/main.js' }];
  const targets = (target) =>
    typeof target === 'string' ? [target] : ['import', 'require', 'default'].flatMap((key) => (target[key] ? targets(target[key]) : []));
  const exported = Object.values(manifest.exports ?? {}).flatMap(targets);
  const bins = Object.values(manifest.bin ?? {});
  const workers = readdirSync(join(folder, 'src'))
    .filter((name) => name.endsWith('.worker.ts'))
    .map((name) => `./dist/${name.slice(0, -3)}.js`);
  return [...new Set([...exported, ...bins, ...workers])]
    .filter((output) => output.startsWith('./dist/') && /\.c?js$/.test(output))
    .map((output) => {
      const stem = output.slice('./dist/'.length).replace(/\.c?js$/, '');
      const source = [`src/${stem}.ts`, `src/${stem}/index.ts`].find((path) => existsSync(join(folder, path)));
      return { source, output: output.slice(2), executable: bins.includes(output), wanted: `src/${stem}.ts` };
    });
}

/** What kind of thing each of some exports of a module is: `function`, `object`, `Map`, or the text of a constant. */
async function kindsOf(names, file) {
  if (names.length === 0) return new Map();
  const module = await import(`${pathToFileURL(file)}?${Math.random()}`);
  return new Map(
    names.map((name) => {
      const value = module[name];
      if (['number', 'string', 'boolean'].includes(typeof value)) return [name, { text: JSON.stringify(value) }];
      const kind = typeof value === 'object' ? value.constructor.name.replace('Object', 'object') : typeof value;
      if (!['function', 'object', 'Map'].includes(kind))
        throw new SetupError(`${file}: "${name}" cannot come later, it is of kind ${kind}`);
      return [name, { kind }];
    }),
  );
}

/** The module that starts dist/node.cjs: with the packages of the house that it imports, and the same exports as the bundle. */
function nodeEntry({ imports, exports }, start, kinds) {
  const house = [...new Set(imports.map(({ path }) => path))].filter((path) => path.startsWith('@cuvee/'));
  const named = exports.filter((name) => name !== 'default' && !kinds.has(name));
  const constants = [...kinds].filter(([, { text }]) => text !== undefined);
  const later = [...kinds].filter(([, { kind }]) => kind !== undefined);
  return [
    ...house.map((path, i) => `import * as $package${i} from '${path}';`),
    `import { start as $start${later.length > 0 ? ', later as $later' : ''} } from '${start}';`,
    `const $all = $start(import.meta.url, { ${house.map((path, i) => `'${path}': $package${i}`).join(', ')} });`,
    ...(named.length > 0 ? [`export const { ${named.join(', ')} } = $all;`] : []),
    ...constants.map(([name, { text }]) => `export const ${name} = ${text};`),
    ...(later.length > 0
      ? [`export const ${later.map(([name, { kind }]) => `${name} = $later($all, '${name}', '${kind}')`).join(', ')};`]
      : []),
    ...(exports.includes('default') ? ['export default $all.default;'] : []),
    '',
  ].join('\n');
}

/** The package that programs import; it passes core on. */
const umbrella = 'cuvee';

/**
 * Has the umbrella start core's script itself, as core's own `node.js` would: a module less is two milliseconds less before a program's first line.
 * That script is started once, whoever asks (`start.ts`).
 */
const withCore = (folder) => ({
  name: 'with-core',
  setup(build) {
    build.onResolve({ filter: /^@cuvee\/core$/ }, ({ path }) => ({ path, namespace: 'core' }));
    build.onLoad({ filter: /.*/, namespace: 'core' }, () => ({
      contents: `import { coreFrom } from './src/core-from.ts';
const $core = coreFrom(import.meta.url);
${readFileSync(join(folder, '..', 'core', 'dist', 'node.js'), 'latin1').replaceAll('import.meta.url', '$core')}`,
      resolveDir: folder,
    }));
  },
});

/** `import('./x.js')` of a module that is an entry itself stays an import: entries share it, and it is loaded when asked for. */
const loadedLater = (entries) => ({
  name: 'loaded-later',
  setup(build) {
    build.onResolve({ filter: /^\.\/[^/]+\.js$/ }, ({ kind, path, resolveDir }) =>
      kind === 'dynamic-import' && entries.includes(join(resolveDir, path.replace(/\.js$/, '.ts'))) ? { path, external: true } : undefined,
    );
  },
});

/** What an output's ending says; `platform: 'node'` makes esbuild name the exports of CommonJS for Node's lexer. */
const formatOf = (output) => (output.endsWith('.cjs') ? { format: 'cjs', platform: 'node' } : { format: 'esm' });

async function bundlePackage(pack, esbuild) {
  const { folder, manifest, name } = pack;
  const sources = filesBelow(join(folder, 'src'));
  const value = fingerprint(
    [
      ...sources,
      ...['package.json', 'main.ts'].map((file) => join(folder, file)).filter(existsSync),
      import.meta.filename,
      join(import.meta.dirname, 'lib', 'chunks.mjs'),
    ],
    `${esbuild.version} ${readable} ${name === umbrella ? readFileSync(join(folder, '..', 'core', 'dist', '.bundled'), 'utf8') : ''}`,
  );
  const stamp = join(folder, 'dist', '.bundled');
  const entries = entriesOf(pack);
  if (entries.length === 0 || (stamped(stamp, value) && entries.every(({ source, output }) => !source || existsSync(join(folder, output)))))
    return false;
  let starts;
  const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies });
  for (const { source, output, executable, wanted } of entries) {
    if (!source) {
      if (!executable) throw new SetupError(`${name}: package.json promises ${output}, but ${wanted} does not exist`);
      continue;
    }
    const options = {
      entryPoints: [join(folder, source)],
      bundle: true,
      metafile: true,
      platform: 'neutral',
      plugins: [loadedLater(entries.map((other) => other.source && join(folder, other.source)))],
      target: 'node20.19',
      mainFields: [],
      external: [...dependencies.flatMap((dependency) => [dependency, `${dependency}/*`]), 'node:*'],
      minifyWhitespace: true,
      minifySyntax: true,
      minifyIdentifiers: !readable,
      lineLimit: 140, // Node prints the line that threw
      legalComments: 'none',
      logLevel: 'error',
      absWorkingDir: root,
    };
    const failed = (error) => {
      throw new SetupError(`${name}: bundling ${source} failed with ${error.errors?.length ?? 1} error(s), listed above`);
    };
    const banner = executable ? { js: '#!/usr/bin/env node' } : {};
    const { metafile } = await esbuild.build({ ...options, outfile: join(folder, output), ...formatOf(output), banner }).catch(failed);
    if (executable) chmodSync(join(folder, output), 0o755);
    if (output !== 'dist/index.js' || !manifest.exports?.['.']?.node) continue;
    if (name === umbrella) {
      const outfile = join(folder, 'dist', 'node.js');
      await esbuild.build({ ...options, outfile, format: 'esm', external: ['node:*'], plugins: [withCore(folder)] }).catch(failed);
      continue;
    }
    const [built] = Object.values(metafile.outputs);
    const { parts, later } = await partsOf({ name, folder, source, built, inputs: metafile.inputs, options, esbuild }).catch(failed);
    const scripts = ['node.cjs', 'node.rest.cjs'];
    for (const [i, part] of parts.entries()) {
      const { outputFiles } = await esbuild
        .build({
          ...options,
          entryPoints: undefined,
          ...part,
          write: false,
          format: 'cjs',
          outfile: join(folder, 'dist', scripts[i]),
          define: { 'import.meta.url': 'moduleUrl' },
          ...asFunction,
        })
        .catch(failed);
      const [{ contents }] = outputFiles;
      // Node reads it as Latin-1. esbuild escapes texts, and nothing within regular expressions.
      if (contents.some((byte) => byte > 127)) throw new SetupError(`${name}: a regular expression is not ASCII; write \\uXXXX`);
      const digest = createHash('sha256').update(contents).digest('hex').slice(0, 16);
      writeFileSync(join(folder, 'dist', scripts[i]), `${Buffer.from(contents).toString('latin1').trimEnd()}//${digest}`);
    }
    const kinds = await kindsOf(later, join(folder, output));
    const node = join(folder, 'dist', 'node.js');
    if (manifest.exports['./start']) {
      // Core holds `start` itself, where no program sees it: a module more is two milliseconds more before the program's first line.
      const place = `Symbol.for('@cuvee/core/start')`;
      const contents = `${nodeEntry(built, './src/start.ts', kinds)}Object.defineProperty($all.Core, ${place}, { value: $start });`;
      const source = { ...options, entryPoints: undefined, stdin: { contents, resolveDir: folder }, outfile: node, format: 'esm' };
      await esbuild.build(source).catch(failed);
      starts = `import { Core } from './node.js';\nexport const start = Core[${place}];\n`;
    } else writeFileSync(node, nodeEntry(built, '@cuvee/core/start', kinds));
  }
  if (starts) writeFileSync(join(folder, 'dist', 'start.js'), starts);
  writeStamp(stamp, value);
  return true;
}

/** Bundles the given packages (default: all); false when every one of them was up to date. */
export async function bundle(chosen = packages()) {
  const esbuild = await import('esbuild').catch(() => {
    throw new SetupError('esbuild is not installed. Type: npm install');
  });
  const last = chosen.filter(({ name }) => name === umbrella); // it takes core's
  const others = chosen.filter((pack) => !last.includes(pack));
  const results = await Promise.all(others.map((pack) => bundlePackage(pack, esbuild)));
  for (const pack of last) results.push(await bundlePackage(pack, esbuild));
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
