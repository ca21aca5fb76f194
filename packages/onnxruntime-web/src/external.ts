/** @file External data that a caller hands over beside a model in memory. */
import { CuveeError, readFile, type ExternalFile } from '@cuvee/core';
import type { InferenceSession } from 'onnxruntime-common';

type Given = NonNullable<InferenceSession.SessionOptions['externalData']>;

const plain = (path: string): string =>
  path
    .split(/[/\\]/)
    .filter((part) => part !== '' && part !== '.')
    .join('/');

/** Opens the entries by the names that the model has for them. Data given as a path is read as a file. Throws FILE_NOT_FOUND. */
export async function openerOf(given: Given): Promise<(relative: string) => ExternalFile> {
  const files = new Map<string, Uint8Array>();
  for (const entry of given) {
    const { path, data } = typeof entry === 'string' ? { path: entry, data: entry } : entry;
    files.set(plain(path), await bytesOf(data));
  }
  return (relative) => {
    const bytes = files.get(plain(relative));
    if (!bytes)
      throw new CuveeError(
        'FILE_NOT_FOUND',
        `the model's external data "${relative}" is not among those given: ${[...files.keys()].map((name) => `"${name}"`).join(', ') || 'none'}`,
      );
    return { path: relative, size: bytes.byteLength, bytes, read: (offset, length) => bytes.subarray(offset, offset + length) };
  };
}

async function bytesOf(data: unknown): Promise<Uint8Array> {
  if (data instanceof Uint8Array) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer || (typeof SharedArrayBuffer !== 'undefined' && data instanceof SharedArrayBuffer))
    return new Uint8Array(data);
  if (typeof data === 'string') return readFile(data);
  const blob = data as { arrayBuffer?: () => Promise<ArrayBuffer> } | null;
  if (typeof blob?.arrayBuffer === 'function') return new Uint8Array(await blob.arrayBuffer());
  throw new CuveeError('ARGUMENT_INVALID', 'externalData is a list of { path, data } with data as bytes, a Blob or a path');
}
