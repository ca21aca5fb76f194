/** @file What a model can be read from: paths, file URLs, text, bytes, and in promise-returning methods streams and blobs. */
import { CuveeError } from '../errors.js';
import { Tensor } from '../tensor/tensor.js';
import { holdsFile, type WeightSource } from '../tensor/literal.js';
import { absolute, besideModel, exists, fileRange, fileSize, readFile, toPath } from './files.js';
import type { ModelSource } from './frontend.js';

/** A model as methods with "Sync" take it: a path or file: URL, XML text, or bytes. */
export type ModelInput = string | URL | Uint8Array;
/** The weights beside it. */
export type WeightsInput = string | URL | Uint8Array | Tensor;
/** Something that gives its bytes later: a Blob or File, a ReadableStream of bytes or any async iterable of them. */
export type ByteStream = Pick<Blob, 'arrayBuffer'> | AsyncIterable<Uint8Array>;

export const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
export const isStream = (value: unknown): value is ByteStream =>
  typeof value === 'object' &&
  value !== null &&
  !isBytes(value) &&
  (Symbol.asyncIterator in value || typeof (value as Blob).arrayBuffer === 'function');

/** All bytes of a stream. Rejects with the signal's reason. */
export async function gather(stream: ByteStream, signal?: AbortSignal): Promise<Uint8Array> {
  if (!(Symbol.asyncIterator in stream)) return new Uint8Array(await stream.arrayBuffer());
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream) {
    signal?.throwIfAborted();
    if (!isBytes(part)) throw new CuveeError('ARGUMENT_INVALID', `a stream gives bytes (Uint8Array), got ${typeof part}`);
    parts.push(part);
    length += part.length;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** What a model is called before it is read. */
export const nameOf = (model: ModelInput): string =>
  isBytes(model) ? 'bytes' : typeof model === 'string' && model.trimStart().startsWith('<') ? 'text' : String(model);

/** What frontends read. Throws FILE_NOT_FOUND, MODEL_INVALID, ARGUMENT_INVALID. */
export function sourceOf(model: ModelInput, weights: WeightsInput | undefined): ModelSource {
  const given = weightsOf(weights);
  if (isBytes(model)) return { bytes: model, ...(given && { weights: given }) };
  if (typeof model === 'string' && (weights instanceof Tensor || model.trimStart().startsWith('<')))
    return { bytes: new TextEncoder().encode(model), ...(given && { weights: given }) };
  const path = toPath(model);
  const bytes = readModelFile(path);
  const neighbour = weightsBeside(path);
  const found = given ?? (neighbour === undefined ? undefined : weightsFile(neighbour));
  return { bytes, path, ...(found && { weights: found }), beside: besideModel(path) };
}

/** The weights file beside a model's, where there is one. */
function weightsBeside(path: string): string | undefined {
  const neighbour = path.replace(/\.xml$/i, '.bin');
  return neighbour !== path && exists(neighbour) ? neighbour : undefined;
}

/** The files that a model is read from, by their paths; undefined for one that is given as text. `weightsLarge`: they are not read at once. */
export function filesOf(
  model: string | URL,
): { readonly path: string; readonly weights?: string; readonly weightsLarge: boolean } | undefined {
  if (typeof model === 'string' && model.trimStart().startsWith('<')) return undefined;
  const path = toPath(model);
  const weights = weightsBeside(path);
  return { path, ...(weights !== undefined && { weights }), weightsLarge: weights !== undefined && fileSize(weights) >= keepFrom };
}

function weightsOf(weights: WeightsInput | undefined): WeightSource | undefined {
  if (weights === undefined) return undefined;
  if (weights instanceof Tensor) return { kind: 'bytes', bytes: bytesOf(weights) };
  return isBytes(weights) ? { kind: 'bytes', bytes: weights } : weightsFile(toPath(weights));
}

/** A tensor's memory. Throws ARGUMENT_INVALID for strings. */
export function bytesOf(tensor: Tensor): Uint8Array {
  const { data } = tensor;
  if (Array.isArray(data)) throw new CuveeError('ARGUMENT_INVALID', 'a tensor of strings holds no bytes');
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Constants of files from this size on stay in the file. */
const keepFrom = 16 * 2 ** 20;

/** The whole file, of which a large one's constants are only ranges. */
function readModelFile(path: string): Uint8Array {
  const bytes = readFile(path);
  if (bytes.byteLength < keepFrom || bytes.byteLength !== bytes.buffer.byteLength) return bytes;
  const full = absolute(path);
  holdsFile(bytes, (offset, length) => fileRange(full, offset, length));
  return bytes;
}

/** A weights file, read now or, a large one, where it is needed; an empty one belongs to a model without constants. */
function weightsFile(path: string): WeightSource {
  const size = fileSize(path);
  return size < keepFrom ? { kind: 'bytes', bytes: readFile(path, true) } : fileRange(absolute(path), 0, size);
}

/** What is wrong in a file is the file's fault, not that of an argument. */
export function fromFile(error: unknown): unknown {
  const ofArguments = error instanceof CuveeError && ['ARGUMENT_INVALID', 'SHAPE_MISMATCH', 'TYPE_MISMATCH'].includes(error.code);
  return ofArguments ? new CuveeError('MODEL_INVALID', error.text, { op: error.op, node: error.node, cause: error }) : error;
}
