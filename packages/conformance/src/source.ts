/** @file Files of a corpus, in a folder or in a zip. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, inflateSync } from 'fflate';
import { CuveeError } from '@cuvee/core';

/** One file of a zip: where its header lies and how it is stored. */
interface Entry {
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly header: number;
}

/** A zip whose directory is read once, so that a case costs its own files only. */
class Zip {
  readonly entries = new Map<string, Entry>();
  readonly #bytes: Buffer;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.#bytes = readFileSync(path);
    const end = this.#bytes.lastIndexOf('PK\u0005\u0006', undefined, 'latin1');
    if (end < 0 || end + 22 > this.#bytes.length) throw this.#invalid('it has no directory');
    let at = this.#bytes.readUInt32LE(end + 16);
    for (let left = this.#bytes.readUInt16LE(end + 10); left > 0; left--) {
      if (at + 46 > end || this.#bytes.readUInt32LE(at) !== 0x02014b50) throw this.#invalid('its directory is damaged');
      const [name, extra, comment] = [28, 30, 32].map((o) => this.#bytes.readUInt16LE(at + o)) as [number, number, number];
      const [packed, size, header] = [20, 24, 42].map((o) => this.#bytes.readUInt32LE(at + o)) as [number, number, number];
      this.entries.set(this.#bytes.toString('utf8', at + 46, at + 46 + name), {
        method: this.#bytes.readUInt16LE(at + 10),
        packed,
        size,
        header,
      });
      at += 46 + name + extra + comment;
    }
  }

  read(name: string): Uint8Array {
    const entry = this.entries.get(name);
    if (!entry) throw new CuveeError('FILE_NOT_FOUND', `"${name}" is not in ${this.#path}`);
    const { header, packed, size, method } = entry;
    if (header + 30 > this.#bytes.length) throw this.#invalid(`"${name}" lies beyond its end`);
    const start = header + 30 + this.#bytes.readUInt16LE(header + 26) + this.#bytes.readUInt16LE(header + 28);
    const raw = this.#bytes.subarray(start, start + packed);
    if (method !== 0 && method !== 8) throw this.#invalid(`"${name}" is packed by method ${method}`);
    // Memory of its own, aligned for any element type.
    const bytes = method === 0 ? Uint8Array.from(raw) : inflateSync(raw, { out: new Uint8Array(size) });
    if (bytes.length !== size) throw this.#invalid(`"${name}" has ${bytes.length} bytes, not ${size}`);
    return bytes;
  }

  #invalid(why: string): CuveeError {
    return new CuveeError('MODEL_INVALID', `reading the zip ${this.#path}: ${why}`);
  }
}

let last: { readonly path: string; readonly zip: Zip } | undefined;

/** The last zip stays open, because cases of one zip come one after the other. */
function zipAt(path: string): Zip {
  if (last?.path !== path) last = { path, zip: new Zip(path) };
  return last.zip;
}

/** Names of all files in a zip, without unpacking any. */
export const zipNames = (path: string): string[] => [...zipAt(path).entries.keys()];

/** Files of one case: by name, relative to its folder. */
export interface CaseFiles {
  readonly names: readonly string[];
  /** Throws FILE_NOT_FOUND. */
  read(name: string): Uint8Array;
}

export function caseFiles(source: string, folder: string): CaseFiles {
  if (statSync(source).isDirectory()) {
    const base = join(source, folder);
    return {
      names: readdirSync(base, { recursive: true }).map((n) => String(n).replaceAll('\\', '/')),
      read: (name) => readFileSync(join(base, name)),
    };
  }
  const prefix = `${folder}/`;
  const zip = zipAt(source);
  const names = namesBelow(zip, prefix);
  return { names, read: (name) => zip.read(prefix + name) };
}

const indexes = new WeakMap<Zip, Map<string, string[]>>();

/** Files below a folder of the zip, found by its first and last level: `test_x/` or `Softmax-8/dyn/`. */
function namesBelow(zip: Zip, prefix: string): string[] {
  const depth = prefix.split('/').length - 1;
  let index = indexes.get(zip);
  if (!index) indexes.set(zip, (index = new Map()));
  if (!index.has(`${depth}`)) {
    index.set(`${depth}`, []);
    for (const name of zip.entries.keys()) {
      const key = `${name.split('/').slice(0, depth).join('/')}/`;
      const list = index.get(key);
      if (list) list.push(name);
      else index.set(key, [name]);
    }
  }
  return (index.get(prefix) ?? []).filter((n) => n.length > prefix.length).map((n) => n.slice(prefix.length));
}

/** A file, unpacked when it ends in `.gz`. */
export const readRaw = (path: string): Uint8Array => (path.endsWith('.gz') ? gunzipSync(readFileSync(path)) : readFileSync(path));
