import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';

const source = fileURLToPath(new URL('..', import.meta.url));
const titleOf = (file: string): string => /^# (.*)$/m.exec(readFileSync(join(source, file), 'utf8'))?.[1] ?? file;
const item = (name: string) => ({ text: titleOf(`${name}.md`), link: `/${name}` });

/** Pages in their order; whatever else is written stands after them. */
const start = ['quickstart', 'concepts', 'choose-packages', 'cli'];
const notGuides = [...start, 'index', 'properties'];
const guides = readdirSync(source)
  .filter((name) => name.endsWith('.md'))
  .map((name) => name.slice(0, -3))
  .filter((name) => !notGuides.includes(name));
const first = ['dynamic-shapes', 'preprocessing', 'write-a-plugin'];
const rank = (name: string): number => (first.indexOf(name) + 1 || first.length + 1) * 100 + (name.charCodeAt(0) % 100);

const sidebar = [
  { text: 'Start', items: start.filter((name) => existsSync(join(source, `${name}.md`))).map(item) },
  { text: 'Guides', items: [...guides].sort((a, b) => rank(a) - rank(b)).map(item) },
  {
    text: 'Reference',
    items: [
      { text: 'Operations', link: '/operations/' },
      { text: 'ONNX operators', link: '/operations/onnx' },
      { text: 'Properties', link: '/properties' },
      { text: 'API', link: '/api/' },
    ],
  },
];

export default defineConfig({
  title: 'Cuvée',
  description: 'Inference for JavaScript and TypeScript. Every device is a plugin.',
  lang: 'en',
  outDir: '../site',
  cacheDir: '../cache',
  cleanUrls: false,
  head: [['link', { rel: 'icon', href: '/logo.svg', type: 'image/svg+xml' }]],
  markdown: { theme: { light: 'github-light', dark: 'github-dark' } },
  themeConfig: {
    logo: '/logo.svg',
    nav: [
      { text: 'Quick start', link: '/quickstart' },
      { text: 'Concepts', link: '/concepts' },
      { text: 'Operations', link: '/operations/' },
      { text: 'API', link: '/api/' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
    footer: { message: 'Apache-2.0' },
  },
});
