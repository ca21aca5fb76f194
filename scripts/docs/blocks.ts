/** @file Fenced blocks of the documentation, and what the comment above one says about running it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packages, root } from '../lib/workspace.mjs';

/** One fenced block. */
export interface Block {
  /** `docs/quickstart.md:12` */
  readonly place: string;
  readonly page: string;
  readonly language: string;
  readonly code: string;
  /** JavaScript that stands before it, from `<!-- given: … -->`: names that the page's text has introduced. */
  readonly given: string;
  /** Exit code that it ends with, from `<!-- exits: 1 -->`; 0 without. */
  readonly exits: number;
  /** What it prints, when a `text` block follows it at once. */
  readonly prints: string | undefined;
}

/** Documents whose blocks are tried. */
export function pages(): string[] {
  const guides = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return [
    ...['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'SECURITY.md', 'bench/README.md'].map((name) => join(root, name)),
    ...guides.map((name) => join(root, 'docs', name)),
    ...(packages() as { folder: string }[]).map(({ folder }) => join(folder, 'README.md')).filter((path) => existsSync(path)),
  ];
}

/** All fenced blocks of a markdown text. */
export function blocksOf(text: string, page: string): Block[] {
  const found: (Block & { end: number })[] = [];
  const fence = /((?:<!--(?:(?!-->)[\s\S])*-->\s*)*)^(`{3,})([^\n]*)\n([\s\S]*?)^\2\s*$/gm;
  for (const match of text.matchAll(fence)) {
    const [whole, comments = '', , info = '', code = ''] = match;
    const start = match.index + comments.length;
    const before = found.at(-1);
    if (info.trim() === 'text' && before && text.slice(before.end, match.index).trim() === '') Object.assign(before, { prints: code });
    found.push({
      place: `${page}:${text.slice(0, start).split('\n').length}`,
      page,
      language: info.trim().split(/\s+/)[0] ?? '',
      code,
      given: [...comments.matchAll(/<!--\s*given:\s*([\s\S]*?)-->/g)].map(([, given]) => given!.trim()).join('\n'),
      exits: Number(/<!--\s*exits:\s*(\d+)\s*-->/.exec(comments)?.[1] ?? 0),
      prints: undefined,
      end: match.index + whole.length,
    });
  }
  return found;
}

/** All blocks of all documents. */
export const blocks = (): Block[] =>
  pages().flatMap((path) => blocksOf(readFileSync(path, 'utf8'), relative(root, path).replaceAll('\\', '/')));
