import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, root } from '../lib/workspace.mjs';

const documents = filesBelow(root, (path) => path.endsWith('.md') && !/THIRD-PARTY-NOTICES|[\\/]data[\\/]/.test(path)).map((path) =>
  relative(root, path),
);
const scripts = Object.keys((JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts);

describe('documents', () => {
  it.each(documents)('%s links to files that exist', (document) => {
    const text = readFileSync(join(root, document), 'utf8');
    const targets = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^[a-z]+:/.test(target));
    expect(targets.filter((target) => !existsSync(join(root, dirname(document), target)))).toEqual([]);
  });

  it.each(documents)('%s names npm scripts that exist', (document) => {
    const named = [...readFileSync(join(root, document), 'utf8').matchAll(/npm run ([a-z][\w:-]*)/g)].map(([, script]) => script!);
    expect(named.filter((script) => !scripts.includes(script))).toEqual([]);
  });

  it.each(documents)('%s names source files that exist', (document) => {
    const named = [
      ...readFileSync(join(root, document), 'utf8').matchAll(
        /`((?:packages|scripts|core|plugin-\w+|frontend-\w+)\/[\w./-]+\.(?:ts|mjs|h|cc))`/g,
      ),
    ].map(([, path]) => path!);
    expect(named.filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, 'packages', path)))).toEqual([]);
  });
});
