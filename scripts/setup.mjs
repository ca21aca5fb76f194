/**
 * @file `npm run setup`: dependencies, types, bundles, native addon. Starts on plain Node; every step is skipped when the
 * fingerprint of its inputs is the one that it left behind, so that a second run costs a fraction of a second.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildNative } from './lib/native.mjs';
import { entry, must, SetupError, step } from './lib/run.mjs';
import { filesBelow, fingerprint, packages, root, stamped, writeStamp } from './lib/workspace.mjs';

const oldestNode = [20, 19];

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old: Cuvée needs ${oldestNode.join('.')} or newer. Type: npx --yes n 20, or see your system's package manager.`,
  );
}

/**
 * Installs what the lockfile names and leaves the lockfile alone. Not `npm ci`: that refuses a lockfile without the optional
 * binaries of other platforms, which is what npm writes where a mirror serves only this platform's.
 */
async function installDependencies() {
  const locked = Object.keys(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages);
  const nested = new Set(locked.map((place) => /^((?:docs|packages|examples)\b.*?node_modules)\//.exec(place)?.[1]).filter(Boolean));
  const modules = join(root, 'node_modules');
  const stamp = join(modules, '.cuvee-installed');
  const manifests = packages().map(({ folder }) => join(folder, 'package.json'));
  const value = fingerprint(['package.json', 'package-lock.json', '.npmrc'].map((name) => join(root, name)).concat(manifests));
  if (stamped(stamp, value) && [...nested].every((place) => existsSync(join(root, place)))) return false;
  await must('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    hint: 'The first set-up needs an npm registry (npm config get registry shows which one is asked). Then type: npm install',
  });
  writeStamp(stamp, value);
}

/** The operation tables, made from the rooms. */
async function makeTables() {
  const core = join(root, 'packages', 'core', 'src');
  const tables = ['rooms.ts', 'builder.ts'].map((name) => join(core, 'opset', name));
  const script = join(root, 'scripts', 'gen-tables.ts');
  const stamp = join(root, 'node_modules', '.cuvee-tables');
  const value = () => fingerprint([script, ...filesBelow(join(core, 'ops')), ...tables.filter((path) => existsSync(path))]);
  if (stamped(stamp, value())) return false;
  await must(process.execPath, [join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs'), script], {
    hint: 'Type: npx tsx scripts/gen-tables.ts',
  });
  writeStamp(stamp, value());
}

/** Declarations into each dist/types; TypeScript's own build information decides what is stale. */
async function buildTypes() {
  const stamp = join(root, 'node_modules', '.cuvee-types');
  const isInput = (path) => /\.(ts|mts|json)$/.test(path);
  const inputs = packages()
    .flatMap(({ folder }) => [...filesBelow(join(folder, 'src'), isInput), join(folder, 'tsconfig.json'), join(folder, 'package.json')])
    .filter(existsSync);
  const value = fingerprint([join(root, 'tsconfig.base.json'), join(root, 'tsconfig.json'), ...inputs]);
  const built = packages().every(({ folder, example }) => example || existsSync(join(folder, 'dist', 'types', 'index.d.ts')));
  if (built && stamped(stamp, value)) return false;
  await must(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b'], { hint: 'Type: npx tsc -b' });
  writeStamp(stamp, value);
}

/** Everything that `npm start`, `npm test` and the command line need. `types: false` leaves declarations out. */
export async function setup({ types = true } = {}) {
  checkNode();
  await step('dependencies installed', installDependencies);
  await step('operation tables made', makeTables);
  await step('native addon built', buildNative);
  const { bundle, linkCommands } = await import('./bundle.mjs');
  await step('packages bundled', () => bundle());
  await linkCommands();
  if (types) await step('types checked', buildTypes);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) entry(() => setup());
