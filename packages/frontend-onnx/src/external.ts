/**
 * External data: where a tensor's bytes lie when they are not in the model file.
 *
 * The names come from the file, so they are checked here before anything is opened; who opens (`ModelSource.beside`)
 * checks links, devices and the folder again on the opened file.
 */
import { checkRange, CuveeError, type ExternalFile, type WeightSource } from '@cuvee/core';
import type { StringStringEntryProto } from './proto/index.js';

/** Opens a file below the model's folder; undefined when the model came without a path. */
export type Beside = ((relative: string) => ExternalFile) | undefined;

/** Where a tensor says that its bytes are. */
export interface ExternalData {
  readonly location: string;
  readonly offset: number;
  /** undefined: as many as the shape needs */
  readonly length: number | undefined;
}

/**
 * A location as a path relative to the model's folder, with `/` between parts. Throws MODEL_INVALID for everything that
 * could lead elsewhere: absolute paths, `..`, drives, UNC names, streams, NUL, and empty names.
 */
export function safeLocation(location: string, what: string): string {
  const refuse = (why: string): never => {
    throw new CuveeError('MODEL_INVALID', `external data of ${what}: location ${JSON.stringify(location.slice(0, 200))} ${why}`);
  };
  if (location === '') refuse('is empty');
  if (location.length > 4096) refuse('is too long');
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(location)) refuse('contains a control character');
  if (/^[\\/]/.test(location)) refuse('is absolute');
  if (location.includes(':')) refuse('contains a colon (a drive, a scheme or a stream)');
  const parts = location.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  if (parts.length === 0) refuse('names no file');
  if (parts.some((part) => /^\.\.[. ]*$/.test(part))) refuse('leaves the folder of the model');
  return parts.join('/');
}

/** Reads the entries of `TensorProto.external_data`. Throws MODEL_INVALID for repeated keys and for what is no whole number. */
export function readExternalData(entries: readonly StringStringEntryProto[], what: string): ExternalData {
  const found = new Map<string, string>();
  for (const { key = '', value = '' } of entries) {
    if (found.has(key)) throw new CuveeError('MODEL_INVALID', `external data of ${what} gives "${key}" twice`);
    found.set(key, value);
  }
  const whole = (key: string): number | undefined => {
    const text = found.get(key);
    if (text === undefined || text === '') return undefined;
    const value = Number(text);
    if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value))
      throw new CuveeError('MODEL_INVALID', `external data of ${what}: ${key} is ${JSON.stringify(text.slice(0, 40))}`);
    return value;
  };
  return { location: safeLocation(found.get('location') ?? '', what), offset: whole('offset') ?? 0, length: whole('length') };
}

/** Opens the neighbours of one model, each once, and checks every range against the file's size. */
export class ExternalFiles {
  readonly #beside: Beside;
  readonly #open = new Map<string, ExternalFile>();

  constructor(beside: Beside) {
    this.#beside = beside;
  }

  /**
   * The range of `expected` bytes that the entries name. Nothing is read yet.
   * Throws MODEL_INVALID when range, file and shape do not agree; FILE_NOT_FOUND from the opener.
   */
  source(entries: readonly StringStringEntryProto[], expected: number, what: string): WeightSource {
    const { location, offset, length = expected } = readExternalData(entries, what);
    if (length !== expected)
      throw new CuveeError('MODEL_INVALID', `external data of ${what} is ${length} bytes long, its type and shape need ${expected}`);
    if (!this.#beside)
      throw new CuveeError('MODEL_INVALID', `external data of ${what} is in "${location}", but the model was not read from a file`);
    let file = this.#open.get(location);
    if (!file) {
      file = this.#beside(location);
      this.#open.set(location, file);
    }
    const { path, size, bytes } = file;
    checkRange(`external data of ${what} in ${location}`, size, offset, length);
    if (bytes) return { kind: 'bytes', bytes: bytes.subarray(offset, offset + length) };
    const read = file.read.bind(file);
    return { kind: 'file', path, offset, length, read: () => read(offset, length) };
  }
}
