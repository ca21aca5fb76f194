/** @file Where the native binary is: named, built here, or in the package of this platform; and what to say when it is nowhere. */
import { existsSync, readFileSync } from 'node:fs';
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
  const load = createRequire(here());
  const open = (path: string, what: string): Binary => {
    try {
      return { addon: load(path) as unknown, path };
    } catch (error) {
      return { absent: `${what} cannot be loaded: ${error instanceof Error ? error.message : String(error)}` };
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
  const { name, system } = platformPackage();
  const tried: string[] = [];
  for (const way of ways) {
    try {
      return open(resolveBy(way, name), `the prebuilt package ${name}`);
    } catch (error) {
      tried.push(`${[...way, name].join(' > ')}: ${codeOf(error)}`);
    }
  }
  return { absent: absence(name, system, tried) };
}

/** What platform this is, the package for it, and how it is called in an error. The report takes milliseconds: asked once. */
function platformPackage(): { name: string; system: string } {
  const { platform, arch, versions } = process;
  const report =
    platform === 'linux' ? (process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined) : undefined;
  const glibc = report?.header?.glibcVersionRuntime;
  const library = platform === 'linux' ? (glibc ? '-gnu' : '-musl') : platform === 'win32' ? '-msvc' : '';
  const libc = platform === 'linux' ? `, ${glibc ? `glibc ${glibc}` : 'musl'}` : '';
  return {
    name: `@cuvee/plugin-cpu-${platform}-${arch}${library}`,
    system: `${platform} ${arch}${libc}, Node-API ${versions['napi'] ?? '?'}`,
  };
}

const absence = (name: string, system: string, tried: readonly string[]): string =>
  `no native code is installed for ${system}. Type: npm install ${name}   (in a checkout: npm run setup)
Looked for:
${tried.map((line) => `  ${line}`).join('\n')}
Usual causes:
  a lockfile made on another system, which lacks this one's package: delete node_modules and package-lock.json, then npm install
  an installation with --omit=optional: npm install --include=optional
  a bundle or an Electron archive without the package: leave @cuvee/plugin-cpu external, or unpack **/*.node beside the archive`;
