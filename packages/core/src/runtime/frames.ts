/**
 * @file Several blobs as one, for meta-devices that export what inner devices wrote. Little-endian:
 *
 * eight letters of whose it is, u32 version, u32 checksum of all that follows, u32 length of the text, u32 number of pieces, per piece
 * u64 length, the text (JSON), then the pieces one after the other.
 */
import { CuveeError } from '../errors.js';
import { readIr } from '../ir-xml/index.js';
import type { Model } from '../ir/model.js';

const header = 24;

/** Whose frames they are. */
export interface FrameKind {
  /** Eight letters that the bytes begin with. */
  readonly magic: string;
  readonly version: number;
  /** Device that writes and reads them. */
  readonly device: string;
}

/** A blob in pieces, to be written one after the other. */
export function writeFrames({ magic, version }: FrameKind, content: unknown, pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const text = new TextEncoder().encode(JSON.stringify(content));
  const head = new Uint8Array(header + pieces.length * 8);
  const view = new DataView(head.buffer);
  new TextEncoder().encodeInto(magic, head);
  view.setUint32(8, version, true);
  view.setUint32(16, text.length, true);
  view.setUint32(20, pieces.length, true);
  pieces.forEach((piece, i) => view.setBigUint64(header + i * 8, BigInt(piece.length), true));
  view.setUint32(12, checksum([head.subarray(16), text, ...pieces]), true);
  return [head, text, ...pieces];
}

/** The meta-devices that write blobs, by the texts that these begin with. */
const writers = new Map([
  ['CUVAUTO_', 'AUTO'],
  ['CUVMULTI', 'MULTI'],
  ['CUVBATCH', 'BATCH'],
  ['CUVHETER', 'HETERO'],
]);
const beginOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes.subarray(0, 8));

/** The meta-device that core put around a device, by the blob that it wrote; undefined for blobs of others. */
export function wrapperOf(bytes: Uint8Array): 'BATCH' | 'HETERO' | undefined {
  const writer = writers.get(beginOf(bytes));
  return writer === 'BATCH' || writer === 'HETERO' ? writer : undefined;
}

/** A model that a blob has as IR, with a copy of its constants: whoever gave the blob may use its memory for something else. */
export const modelInBlob = (xml: Uint8Array, weights: Uint8Array): Model =>
  readIr({ bytes: xml, weights: { kind: 'bytes', bytes: new Uint8Array(weights) } });

/** What a blob cannot be used for; the model can always be compiled again. */
export const unsuitable = (why: string): CuveeError =>
  new CuveeError('MODEL_INVALID', `the compiled model ${why}; compile it again from the model`);

/** The text, of which nothing is believed yet, and the pieces. Throws MODEL_INVALID telling what is wrong. */
export function readFrames(
  { magic, version, device }: FrameKind,
  bytes: Uint8Array,
): { readonly content: unknown; readonly pieces: readonly Uint8Array[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = beginOf(bytes);
  if (bytes.length < header || begin !== magic) {
    const writer = writers.get(begin);
    throw unsuitable(`is not one that device ${device} exported${writer === undefined ? '' : `, but one of ${writer}`}`);
  }
  if (view.getUint32(8, true) !== version) throw unsuitable(`has format ${view.getUint32(8, true)}, this is format ${version}`);
  if (view.getUint32(12, true) !== checksum([bytes.subarray(16)])) throw unsuitable('is damaged: its checksum does not match');
  const count = view.getUint32(20, true);
  let at = header + count * 8;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw unsuitable('is damaged: it ends too early');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const text = take(view.getUint32(16, true));
  const pieces = Array.from({ length: count }, (_, i) => take(Number(view.getBigUint64(header + i * 8, true))));
  if (at !== bytes.length) throw unsuitable(`has ${bytes.length - at} bytes too many`);
  try {
    return { content: JSON.parse(new TextDecoder().decode(text)) as unknown, pieces };
  } catch {
    throw unsuitable('is damaged: its text is none');
  }
}

/** FNV-1a over all bytes: against damage, not against people. */
function checksum(pieces: readonly Uint8Array[]): number {
  let hash = 0x811c9dc5;
  for (const piece of pieces) for (let i = 0; i < piece.length; i++) hash = Math.imul(hash ^ (piece[i] as number), 0x01000193);
  return hash >>> 0;
}

/** Pieces as one. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** What several devices write, each as one blob: at once where all write at once, else later; `finish` makes the whole of it. */
export function whenWritten(
  parts: readonly (Pieces | undefined)[],
  finish: (blobs: readonly (Uint8Array | undefined)[]) => readonly Uint8Array[],
): Pieces {
  if (parts.every((p) => p === undefined || Symbol.iterator in p))
    return finish(parts.map((p) => p && joinBytes([...(p as Iterable<Uint8Array>)])));
  return (async function* later() {
    const blobs: (Uint8Array | undefined)[] = [];
    for (const part of parts) {
      const pieces: Uint8Array[] = [];
      if (part) for await (const piece of part) pieces.push(piece);
      blobs.push(part && joinBytes(pieces));
    }
    yield* finish(blobs);
  })();
}
