/**
 * @file A compiled split as bytes, for `exportModel` and caches. Little-endian:
 *
 * "CUVHETER", u32 version, u32 checksum of all that follows, u32 length of the text, the text (JSON), then the pieces one after the
 * other: for each part what its device wrote or, where that cannot write, its model as IR text and weights; then constant results.
 */
import { byteSize, CuveeError, isElementType, sizeOf, Tensor, type ElementType, type PortsText } from '@cuvee/core';
import type { Story } from './explain.js';
import type { Wiring } from './request.js';

const magic = 'CUVHETER';
const version = 1;
const header = 20;

/** A device as it was when it compiled: what an import is held against. */
export interface Seal {
  readonly device: string;
  readonly version: string;
  readonly fullName: string;
}

/** One part: what its device wrote, or its model. */
export type PartBlob = { readonly compiled: Uint8Array } | { readonly xml: Uint8Array; readonly weights: Uint8Array };

/** What a blob holds. */
export interface Content {
  readonly name: string;
  readonly ports: PortsText;
  readonly wiring: Wiring;
  readonly story: Story;
  readonly seals: readonly Seal[];
  /** Properties that the whole was compiled with. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly parts: readonly PartBlob[];
}

/** The text of a blob: `Content` with lengths in place of bytes. */
interface Text extends Omit<Content, 'parts' | 'wiring'> {
  readonly wiring: Omit<Wiring, 'results'> & { readonly results: readonly (number | { type: ElementType; shape: readonly number[] })[] };
  readonly lengths: readonly (readonly [compiled: number] | readonly [xml: number, weights: number])[];
}

/** The pieces of a blob. Throws NOT_IMPLEMENTED for a model whose output is a text constant. */
export function writeBlob(content: Content): readonly Uint8Array[] {
  const { parts, wiring, ...rest } = content;
  const pieces: Uint8Array[] = parts.flatMap((p) => ('compiled' in p ? [p.compiled] : [p.xml, p.weights]));
  const results = wiring.results.map((r) => {
    if (typeof r === 'number') return r;
    if (!ArrayBuffer.isView(r.data)) throw new CuveeError('NOT_IMPLEMENTED', 'a constant output of texts cannot be exported');
    pieces.push(new Uint8Array(r.data.buffer, r.data.byteOffset, r.data.byteLength));
    return { type: r.type, shape: r.shape };
  });
  const lengths = parts.map((p): Text['lengths'][number] => ('compiled' in p ? [p.compiled.length] : [p.xml.length, p.weights.length]));
  const text = new TextEncoder().encode(JSON.stringify({ ...rest, wiring: { ...wiring, results }, lengths } satisfies Text));
  const head = new Uint8Array(header);
  new TextEncoder().encodeInto(magic, head);
  const view = new DataView(head.buffer);
  view.setUint32(8, version, true);
  view.setUint32(12, checksum([text, ...pieces]), true);
  view.setUint32(16, text.length, true);
  return [head, text, ...pieces];
}

/** Reads a blob whole. Throws MODEL_INVALID, telling what is wrong and that the model can be compiled again. */
export function readBlob(bytes: Uint8Array): Content {
  const bad = (why: string): never => {
    throw new CuveeError('MODEL_INVALID', `the compiled model ${why}; compile it again from the model`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < header || new TextDecoder().decode(bytes.subarray(0, 8)) !== magic) bad('is not one that device HETERO exported');
  if (view.getUint32(8, true) !== version) bad(`has format ${view.getUint32(8, true)}, this is format ${version}`);
  if (view.getUint32(12, true) !== checksum([bytes.subarray(header)])) bad('is damaged: its checksum does not match');
  let at = header;
  const take = (length: number): Uint8Array => {
    if (!Number.isInteger(length) || length < 0 || at + length > bytes.length) bad('is damaged: it ends too early');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const text = textOf(take(view.getUint32(16, true))) ?? bad('is damaged: its text is none of HETERO');
  const { lengths, wiring, ...rest } = text;
  const parts = lengths.map(
    ([first, second]): PartBlob => (second === undefined ? { compiled: take(first) } : { xml: take(first), weights: take(second) }),
  );
  const results = wiring.results.map((r) =>
    typeof r === 'number' ? r : new Tensor(r.type, r.shape, take(byteSize(r.type, sizeOf(r.shape))).slice()),
  );
  if (at !== bytes.length) bad(`has ${bytes.length - at} bytes too many`);
  return { ...rest, wiring: { ...wiring, results }, parts };
}

const isList = Array.isArray as (value: unknown) => value is unknown[];
const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown, below: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < below;

/** The text of a blob, every number in it checked against what it counts; undefined for anything else. A checksum proves no author. */
function textOf(bytes: Uint8Array): Text | undefined {
  let text: Partial<Text>;
  try {
    text = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Text>;
  } catch {
    return undefined;
  }
  const { name, ports, wiring, story, seals, properties, lengths } = text ?? {};
  if (!isText(name) || !ports || !wiring || !story || !isList(seals) || !properties || !isList(lengths)) return undefined;
  if (!isList(ports.inputs) || !isList(ports.outputs) || !isList(wiring.parts) || !isList(wiring.results)) return undefined;
  if (lengths.length !== wiring.parts.length || ports.outputs.length !== wiring.results.length || ports.inputs.length !== wiring.inputs)
    return undefined;
  if (!lengths.every((l) => isList(l) && (l.length === 1 || l.length === 2) && l.every((n) => isCount(n, 2 ** 53)))) return undefined;
  let made = wiring.inputs;
  for (const part of wiring.parts) {
    if (!isText(part?.device) || !isList(part.inputs) || !isList(part.outputs)) return undefined;
    if (!part.inputs.every((v) => isCount(v, made)) || !part.outputs.every((v, i) => v === made + i)) return undefined;
    made += part.outputs.length;
  }
  const isConstant = (r: unknown): boolean => {
    const { type, shape } = (r ?? {}) as { type?: unknown; shape?: unknown };
    return isText(type) && isElementType(type) && isList(shape) && shape.every((n) => isCount(n, 2 ** 31));
  };
  if (!wiring.results.every((r) => isCount(r, made) || isConstant(r))) return undefined;
  if (!seals.every((s) => isText(s?.device) && isText(s.version) && isText(s.fullName))) return undefined;
  if (!isList(story.devices) || !isList(story.parts) || !isList(story.values) || !isList(story.results)) return undefined;
  return story.parts.every((p) => isText(p?.device) && isText(p.why) && isList(p.nodes)) ? (text as Text) : undefined;
}

/** FNV-1a over all bytes: against damage, not against people. */
function checksum(pieces: readonly Uint8Array[]): number {
  let hash = 0x811c9dc5;
  for (const piece of pieces) for (let i = 0; i < piece.length; i++) hash = Math.imul(hash ^ (piece[i] as number), 0x01000193);
  return hash >>> 0;
}
