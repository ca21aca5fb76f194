/**
 * @file Guard: who may import whom. Frontends -> core <- plugins; meta-devices know core alone; nothing imports a sibling; core
 * stays free of Node outside one file; TypeScript references say what package.json says; kernels know no graph.
 */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { cpp, type Finding, type Guard, isTest, main, type Source, sources, withoutComments } from './lib/guard.js';
import { packages } from './lib/workspace.mjs';

interface Pack {
  name: string;
  folder: string;
  manifest: { dependencies?: Record<string, string>; optionalDependencies?: Record<string, string> };
  example: boolean;
}

/** Which packages of the house a package may import, by the kind that its name tells; the umbrella and the suites may all. */
const mayImport: readonly [RegExp, readonly string[]][] = [
  [/^@cuvee\/core$/, []],
  [/^@cuvee\/(frontend-|plugin-|auto$|hetero$|multi$|batch$)/, ['@cuvee/core']],
];

/** The modules of core that may touch Node: the door of what runs anywhere, and what only Node ever loads. */
const nodeDoor = 'packages/core/src/runtime/files.ts';
const nodeStart = 'packages/core/src/start.ts';

/** What a TypeScript text imports or requires, comments aside. */
export const importsOf = (text: string): string[] =>
  [...withoutComments(text).matchAll(/(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|\brequire\s*\(\s*)(['"])([^'"\s]+)\1/g)].map(
    ([, , target]) => target!,
  );

const packageName = (target: string): string =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');

function checkImports(pack: Pack, short: string, { path, text }: Source): string[] {
  const allowed = mayImport.find(([kind]) => kind.test(pack.name))?.[1];
  const declared = { ...pack.manifest.dependencies, ...pack.manifest.optionalDependencies };
  return importsOf(text).flatMap((target) => {
    if (target.startsWith('.')) {
      const reached = posix.join(posix.dirname(path), target);
      return reached.startsWith(`packages/${short}/`) ? [] : [`${path} leaves its package by ${target}: import the package by name`];
    }
    if (target.startsWith('node:'))
      return pack.name === '@cuvee/core' && path !== nodeDoor && path !== nodeStart
        ? [`${path} imports ${target}: in core only ${nodeDoor} may touch Node`]
        : [];
    const name = packageName(target);
    if (!(name in declared) && name !== pack.name) return [`${path} imports ${target}, which package.json does not declare`];
    if (/^(@cuvee\/|cuvee$)/.test(name) && allowed && !allowed.includes(name))
      return [`${path} imports ${name}: ${pack.name} may import ${allowed.join(', ') || 'no package of the house'}`];
    return [];
  });
}

/** Globals of Node in core: they are absent in a browser. `globalThis.process?.` asks first and is allowed. */
export const nodeGlobals = ({ path, text }: Source): string[] =>
  path === nodeDoor || path === nodeStart
    ? []
    : [
        ...withoutComments(text).matchAll(
          /(?<![\w.$'"`])(process\.(?:env|cwd|platform|argv|versions|hrtime|memoryUsage)|Buffer\.\w+|__dirname|setImmediate)\b(?!\??:)/g,
        ),
      ].map(([, found]) => `${path} uses Node's ${found}`);

function checkReferences(pack: Pack, short: string): string[] {
  const config = JSON.parse(readFileSync(join(pack.folder, 'tsconfig.json'), 'utf8')) as { references?: { path: string }[] };
  const referenced = new Set((config.references ?? []).map(({ path }) => path.replace('../', '')));
  const depended = new Set(
    Object.keys(pack.manifest.dependencies ?? {})
      .filter((name) => /^(@cuvee\/|cuvee$)/.test(name))
      .map((name) => name.replace('@cuvee/', '')),
  );
  return [
    ...[...depended]
      .filter((name) => !referenced.has(name))
      .map((name) => `packages/${short}/tsconfig.json lacks the reference ../${name}`),
    ...[...referenced]
      .filter((name) => !depended.has(name))
      .map((name) => `packages/${short}/tsconfig.json references ../${name}, package.json does not depend on it`),
  ];
}

/** Kernels see a step, the pool and what was measured (`runtime/step.h`, `pool.h`, `buffer.h`, `tuning.h`), never the executor, the plan or the addon. */
function checkKernels(): string[] {
  return sources(['packages'], cpp)
    .filter(({ path }) => /\/native\/kernels\//.test(path) && !/(_test|_bench|test|bench)\.cc$/.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/^#include "([^"]+)"/gm)]
        .filter(
          ([, target]) => /(^|\/)(addon|plan|runtime)\//.test(target!) && !/(^|\/)runtime\/(step|pool|buffer|tuning)\.h$/.test(target!),
        )
        .map(([, target]) => `${path} includes ${target}: kernels know no graph`),
    );
}

function check(): Finding {
  const libraries = (packages() as Pack[]).filter(({ example }) => !example);
  let files = 0;
  const problems = libraries.flatMap((pack) => {
    const short = pack.name.replace('@cuvee/', '');
    const own = sources([`packages/${short}/src`], ['.ts']).filter(({ path }) => !isTest(path));
    files += own.length;
    return [
      ...own.flatMap((source) => checkImports(pack, short, source)),
      ...(pack.name === '@cuvee/core' ? own.flatMap(nodeGlobals) : []),
      ...checkReferences(pack, short),
    ];
  });
  problems.push(...checkKernels());
  return { text: `${libraries.length} packages, ${files} files: frontends -> core <- plugins`, problems };
}

export const dependencies: Guard = { name: 'dependencies', check };
main(import.meta.url, dependencies);
