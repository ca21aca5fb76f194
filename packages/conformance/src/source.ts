/** @file Files of a corpus, in a folder or in a zip. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, unzipSync } from 'fflate';
import { CuveeError } from '@cuvee/core';

let cached: { path: string; bytes: Uint8Array } | undefined;

/** A zip's bytes; the last one stays, because cases of one zip come one after the other. */
function zipBytes(path: string): Uint8Array {
  if (cached?.path !== path) cached = { path, bytes: readFileSync(path) };
  return cached.bytes;
}

/** Names of all files in a zip, without unpacking any. */
export function zipNames(path: string): string[] {
  const names: string[] = [];
  unzipSync(zipBytes(path), { filter: ({ name }) => (names.push(name), false) });
  return names;
}

/** Files of one case: by name, relative to its folder. */
export interface CaseFiles {
  readonly names: readonly string[];
  /** Throws FILE_NOT_FOUND. */
  read(name: string): Uint8Array;
}

export function caseFiles(source: string, folder: string): CaseFiles {
  if (statSync(source).isDirectory()) {
    const base = join(source, folder);
    return { names: readdirSync(base, { recursive: true }).map((n) => String(n).replaceAll('\\', '/')), read: (name) => readFileSync(join(base, name)) };
  }
  const prefix = `${folder}/`;
  const files = unzipSync(zipBytes(source), { filter: ({ name }) => name.startsWith(prefix) });
  return {
    names: Object.keys(files).map((n) => n.slice(prefix.length)),
    read(name) {
      const bytes = files[prefix + name];
      if (!bytes) throw new CuveeError('FILE_NOT_FOUND', `"${prefix}${name}" is not in ${source}`);
      return bytes;
    },
  };
}

/** A file, unpacked when it ends in `.gz`. */
export const readRaw = (path: string): Uint8Array => (path.endsWith('.gz') ? gunzipSync(readFileSync(path)) : readFileSync(path));
