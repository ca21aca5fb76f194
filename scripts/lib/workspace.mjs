/** @file The workspace as data: its root, its packages, and which of their files the build reads. Plain Node, no dependency. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

const notSources = new Set(['node_modules', 'dist', 'build', 'out', '.git', '.nx', 'coverage']);

/**
 * Every file below `folder`, sorted, without build outputs and dependencies; nothing when the folder is absent.
 * @param {string} folder
 * @param {(path: string) => boolean} accept
 * @returns {string[]}
 */
export function filesBelow(folder, accept = () => true) {
  if (!existsSync(folder)) return [];
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!notSources.has(entry.name)) found.push(...filesBelow(path, accept));
    } else if (entry.isFile() && accept(path)) found.push(path);
  }
  return found.sort();
}

/** All workspace packages, as `{ name, folder, manifest }`, libraries before examples. */
export function packages() {
  return ['packages', 'examples'].flatMap((group) => {
    const parent = join(root, group);
    if (!existsSync(parent)) return [];
    return readdirSync(parent)
      .sort()
      .map((name) => join(parent, name))
      .filter((folder) => existsSync(join(folder, 'package.json')))
      .map((folder) => {
        const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
        return { name: manifest.name, folder, manifest, example: group === 'examples' };
      });
  });
}

/** A hash over names and contents of files, and further words such as tool versions. */
export function fingerprint(files, ...words) {
  const hash = createHash('sha256');
  for (const word of words) hash.update(`${word}\0`);
  for (const file of files)
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex');
}

/** Whether `stamp` holds `value`, that is, whether the step that wrote it needs no second run. */
export const stamped = (stamp, value) => existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === value;

/** Records that the step of `stamp` is done for `value`. */
export function writeStamp(stamp, value) {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, `${value}\n`);
}
