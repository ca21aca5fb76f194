/** @file What has to hold of a package before it is published: publint, are-the-types-wrong, its files, its README. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** publint, strict. */
async function lint(folder, manifest) {
  const { publint } = await import('publint');
  const { formatMessage } = await import('publint/utils');
  const { messages } = await publint({ pkgDir: folder, pack: false, strict: true });
  return messages.filter(({ type }) => type !== 'suggestion').map((message) => `publint: ${formatMessage(message, manifest)}`);
}

const conditionsOf = (target) =>
  target && typeof target === 'object' ? Object.entries(target).flatMap(([key, value]) => [key, ...conditionsOf(value)]) : [];

/** Whether something that an entry exports can be imported: headers and manifests are not. */
const isModule = (target) => targetsOf(target).some((path) => /\.[cm]?js$/.test(path));

/**
 * are-the-types-wrong. An entry that offers only an ES module is judged by the profile `esm-only`: as Node imports it, and as
 * bundlers do; one with a `require` condition by all but the resolution of Node 10, which knows no exports.
 */
async function types({ tarball, manifest }) {
  const { checkPackage, createPackageFromTarballData } = await import('@arethetypeswrong/core');
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))));
  if (!analysis.types) return ['are-the-types-wrong: the package has no types'];
  const ignored = (entry) => (conditionsOf(entry).includes('require') ? ['node10'] : ['node10', 'node16-cjs']);
  const entryOf = (name = '.') => manifest.exports?.[name] ?? manifest.exports;
  return analysis.problems
    .filter(({ entrypoint }) => isModule(entryOf(entrypoint)))
    .filter(({ entrypoint, resolutionKind }) => !ignored(entryOf(entrypoint)).includes(resolutionKind))
    .map(
      ({ kind, entrypoint, resolutionKind }) =>
        `are-the-types-wrong: ${kind}${entrypoint ? ` at "${entrypoint}" (${resolutionKind})` : ''}`,
    );
}

const targetsOf = (target) => (typeof target === 'string' ? [target] : Object.values(target ?? {}).flatMap(targetsOf));

/** One bundled file for each entry, no scripts, types and licence beside it, a README that starts with a short program. */
function contents({ manifest, files }, folder) {
  const problems = [];
  const expect = (good, line) => good || problems.push(line);
  const entries = new Set([...targetsOf(manifest.exports), ...targetsOf(manifest.bin)].map((path) => path.replace(/^\.\//, '')));
  const companion = entries.has('dist/node.js') ? ['dist/node.cjs', 'dist/node.rest.cjs'] : []; // what dist/node.js starts with compiled code
  const loose = files.filter(
    (path) => /\.[cm]?js$/.test(path) && !entries.has(path) && !companion.includes(path) && !path.endsWith('.worker.js'),
  );
  expect(loose.length === 0, `has programs that are no entry, so it is not bundled: ${loose.slice(0, 3).join(', ')}`);
  for (const path of entries) expect(path.includes('*') || files.includes(path), `promises ${path}, which is not in it`);
  expect(!manifest.scripts, `has scripts: ${Object.keys(manifest.scripts ?? {}).join(', ')}`);
  expect(manifest.license && files.includes('LICENSE'), 'has no licence text');
  expect(manifest.description && manifest.keywords?.length > 0, 'has no description or no keywords');
  const readme = existsSync(join(folder, 'README.md')) ? readFileSync(join(folder, 'README.md'), 'utf8') : '';
  const program = /```(?:js|ts|sh)\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const lines = program.split('\n').filter((line) => line.trim()).length;
  expect(lines > 0 && lines <= 8, `README.md has no example of about five lines (found ${lines})`);
  return problems;
}

/** What is wrong with a packed package: lines that start with its name. */
export async function judgePackage(packed, folder) {
  const problems = [...(await lint(folder, packed.manifest)), ...(await types(packed)), ...contents(packed, folder)];
  return problems.map((problem) => `${packed.name}: ${problem}`);
}
