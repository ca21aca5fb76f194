/** @file Links of a built site and of markdown files: every internal one, with its anchor, has to lead somewhere. Nothing is fetched. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { filesBelow } from '../lib/workspace.mjs';

/** What was looked at, and what leads nowhere. */
export interface LinkReport {
  readonly pages: number;
  readonly links: number;
  readonly dead: readonly string[];
}

const decoded = (text: string): string => decodeURIComponent(text.replaceAll('&amp;', '&'));

/** All `href` and `src` of the HTML files below `site`, which is served from `/`. */
export function siteLinks(site: string): LinkReport {
  const files = filesBelow(site, (path: string) => path.endsWith('.html')) as string[];
  const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
  const anchors = new Map(
    [...texts].map(([file, text]) => [file, new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => decoded(id!)))]),
  );
  const dead: string[] = [];
  let links = 0;
  for (const [file, text] of texts) {
    for (const target of new Set([...text.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, url]) => url!))) {
      if (/^(?:[a-z]+:|\/\/)/i.test(target)) continue;
      links++;
      const [path = '', anchor] = decoded(target).split('#');
      const base = path === '' ? file : path.startsWith('/') ? join(site, path) : join(dirname(file), path);
      const found = [base, `${base}.html`, join(base, 'index.html')].find((f) => existsSync(f) && statSync(f).isFile());
      if (!found) dead.push(`${relative(site, file)} → ${target}`);
      else if (anchor && found.endsWith('.html') && !anchors.get(found)?.has(anchor))
        dead.push(`${relative(site, file)} → ${target}: no such anchor`);
    }
  }
  return { pages: files.length, links, dead };
}

/** The heading's anchor, as readers of markdown make it. */
const slug = (heading: string): string =>
  heading
    .replace(/`/g, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const withoutCode = (text: string): string => text.replace(/^(`{3,})[^\n]*\n[\s\S]*?^\1\s*$/gm, '').replace(/`[^`\n]*`/g, '');

/** Relative links of markdown files, as a reader of the repository follows them. */
export function markdownLinks(files: readonly string[]): LinkReport {
  const dead: string[] = [];
  let links = 0;
  for (const file of files) {
    for (const [, target] of withoutCode(readFileSync(file, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/i.test(target!)) continue;
      links++;
      const [path = '', anchor] = decoded(target!).split('#');
      const found = path === '' ? file : resolve(dirname(file), path);
      if (!existsSync(found)) dead.push(`${file} → ${target}`);
      else if (anchor && found.endsWith('.md')) {
        const headings = [...readFileSync(found, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading!));
        if (!headings.includes(anchor)) dead.push(`${file} → ${target}: no such heading`);
      }
    }
  }
  return { pages: files.length, links, dead };
}
