/** @file Where core is, as Node would find it from here. */

const { existsSync, realpathSync } = process.getBuiltinModule('node:fs');
const { dirname, join } = process.getBuiltinModule('node:path');
const { fileURLToPath, pathToFileURL } = process.getBuiltinModule('node:url');

/** The address of core's `node.js`, for the module at `url`. Looks where packages nearly always are; Node's own resolver is asked when it is elsewhere. */
export function coreFrom(url: string): string {
  const from = fileURLToPath(url);
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', '@cuvee', 'core');
    if (existsSync(found)) return pathToFileURL(join(realpathSync.native(found), 'dist', 'node.js')).href;
    if (dirname(folder) === folder) break;
  }
  const { createRequire } = process.getBuiltinModule('node:module');
  return pathToFileURL(join(dirname(createRequire(url).resolve('@cuvee/core/package.json')), 'dist', 'node.js')).href;
}
