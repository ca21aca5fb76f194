import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { markdownLinks } from '../docs/links.js';
import { filesBelow, packages, root } from '../lib/workspace.mjs';

const documents = filesBelow(root, (path) => path.endsWith('.md') && !/THIRD-PARTY-NOTICES|[\\/]data[\\/]/.test(path)).map((path) =>
  relative(root, path),
);
const own = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }).scripts;
const theirs = (packages() as { manifest: { scripts?: object } }[]).flatMap(({ manifest }) => Object.keys(manifest.scripts ?? {}));
const scripts = [...Object.keys(own), ...theirs];

describe('documents', () => {
  it.each(documents)('%s links to files and headings that exist', (document) => {
    const { dead } = markdownLinks([join(root, document)]);
    expect(dead.filter((line) => !/→ \/(?:operations|properties|api)\b/.test(line))).toEqual([]); // pages of the site alone: site.test.ts
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
