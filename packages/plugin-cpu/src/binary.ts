/** @file Where the native binary is: named, built here, or in the package of this platform; and what to say when it is nowhere. */
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The loaded module, or why there is none. */
export type Binary = { readonly addon: unknown; readonly path: string } | { readonly absent: string };

/** This module; in a bundle of CommonJS, which has no such address, the program that was started. */
const here = (): string =>
  (import.meta.url as string | undefined) ?? pathToFileURL(process.argv[1] ?? join(process.cwd(), 'index.js')).href;

/** The folder of this package, from its bundle as well as from its sources; undefined in somebody else's bundle. */
function packageFolder(): string | undefined {
  for (let folder = dirname(fileURLToPath(here())); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest))
      return (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === '@cuvee/plugin-cpu' ? folder : undefined;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Packages through which the platform's is looked up: managers that keep node_modules strict show it to its parent only. */
const ways: readonly (readonly string[])[] = [[], ['@cuvee/plugin-cpu'], ['cuvee', '@cuvee/plugin-cpu']];

function resolveBy(way: readonly string[], name: string): string {
  let require = createRequire(here());
  for (const through of way) require = createRequire(require.resolve(`${through}/package.json`));
  return require.resolve(name);
}

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? error);

/** Loads it. `CUVEE_CPU_BINARY`, then a local build, then the package `@cuvee/plugin-cpu-<platform>`. Never throws. */
export function findBinary(): Binary {
  const open = (path: string, what: string): Binary => {
    try {
      // As `require` does, which looks for longer than the loading takes.
      const module = { exports: {} as unknown };
      process.dlopen(module, path);
      return { addon: module.exports, path };
    } catch (error) {
      return {
        absent: `${what} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  };
  const named = process.env['CUVEE_CPU_BINARY'] && resolve(process.env['CUVEE_CPU_BINARY']);
  if (named)
    return existsSync(named)
      ? open(named, `the file that CUVEE_CPU_BINARY names, ${named},`)
      : { absent: `CUVEE_CPU_BINARY names ${named}, which is not there` };
  const folder = packageFolder();
  const local =
    folder && ['build/cuvee_cpu.node', 'build/Release/cuvee_cpu.node'].map((name) => join(folder, name)).find((path) => existsSync(path));
  if (local) return open(local, `the local build ${local}`);
  const name = platformPackage();
  const tried: string[] = [];
  for (const way of ways) {
    try {
      return open(resolveBy(way, name), `the prebuilt package ${name}`);
    } catch (error) {
      tried.push(`${[...way, name].join(' > ')}: ${codeOf(error)}`);
    }
  }
  return { absent: absence(name, tried) };
}

/** The package for this platform. */
function platformPackage(): string {
  const { platform, arch } = process;
  const library = platform === 'linux' ? ((loadedBy() ?? glibcVersion()) ? '-gnu' : '-musl') : platform === 'win32' ? '-msvc' : '';
  return `@cuvee/plugin-cpu-${platform}-${arch}${library}`;
}

/** Node's own report tells the C library's version; it takes up to 0.1 s. */
const glibcVersion = (): string | undefined =>
  (process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined)?.header?.glibcVersionRuntime;

/** Whether Node's program names glibc's loader (true) or musl's (false) among its first bytes, as ELF files do; else undefined. */
function loadedBy(): boolean | undefined {
  try {
    const start = Buffer.alloc(4096);
    const file = openSync(process.execPath, 'r');
    try {
      readSync(file, start);
    } finally {
      closeSync(file);
    }
    if (start.includes('/ld-linux')) return true;
    return start.includes('/ld-musl') ? false : undefined;
  } catch {
    return undefined;
  }
}

/** What platform this is, as errors say it. */
function system(): string {
  const { platform, arch, versions } = process;
  const glibc = platform === 'linux' ? glibcVersion() : undefined;
  const libc = platform === 'linux' ? `, ${glibc ? `glibc ${glibc}` : 'musl'}` : '';
  return `${platform} ${arch}${libc}, Node-API ${versions['napi'] ?? '?'}`;
}

const absence = (name: string, tried: readonly string[]): string =>
  `no native code is installed for ${system()}. Type: npm install ${name}   (in a checkout: npm run setup)
Looked for:
${tried.map((line) => `  ${line}`).join('\n')}
Usual causes:
  a lockfile made on another system, which lacks this one's package: delete node_modules and package-lock.json, then npm install
  an installation with --omit=optional: npm install --include=optional
  a bundle or an Electron archive without the package: leave @cuvee/plugin-cpu external, or unpack **/*.node beside the archive`;
