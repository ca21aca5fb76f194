/**
 * @file A compiled split as bytes, for `exportModel` and caches: a text, and for each part what its device wrote or, where that cannot
 * write, its model as IR text and weights; then constant results.
 */
import {
  areSeals,
  byteSize,
  CuveeError,
  isElementType,
  readFrames,
  sizeOf,
  Tensor,
  unsuitable,
  writeFrames,
  type ElementType,
  type ModelBlob,
  type PortsText,
  type Seal,
} from '@cuvee/core';
import type { Story } from './explain.js';
import type { Wiring } from './request.js';

const kind = { magic: 'CUVHETER', version: 1, device: 'HETERO' };

/** One part: what its device wrote, or its model. */
export type PartBlob = { readonly compiled: Uint8Array } | ModelBlob;

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

/** The text of a blob: `Content` without bytes; for each part how many pieces it has, one that is compiled or two of a model. */
interface Text extends Omit<Content, 'parts' | 'wiring'> {
  readonly wiring: Omit<Wiring, 'results'> & { readonly results: readonly (number | { type: ElementType; shape: readonly number[] })[] };
  readonly pieces: readonly (1 | 2)[];
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
  const counts = parts.map((p) => ('compiled' in p ? 1 : 2));
  return writeFrames(kind, { ...rest, wiring: { ...wiring, results }, pieces: counts } satisfies Text, pieces);
}

/** Reads a blob whole. Throws MODEL_INVALID, telling what is wrong and that the model can be compiled again. */
export function readBlob(bytes: Uint8Array): Content {
  const { content, pieces } = readFrames(kind, bytes);
  const text = textOf(content);
  if (!text) throw unsuitable('is damaged: its text is none of HETERO');
  const { pieces: counts, wiring, ...rest } = text;
  let at = 0;
  const take = (): Uint8Array => {
    const piece = pieces[at++];
    if (!piece) throw unsuitable('is damaged: a piece is missing');
    return piece;
  };
  const parts = counts.map((n): PartBlob => (n === 1 ? { compiled: take() } : { xml: take(), weights: take() }));
  const results = wiring.results.map((r) => {
    if (typeof r === 'number') return r;
    const piece = take();
    if (piece.length !== byteSize(r.type, sizeOf(r.shape))) throw unsuitable('is damaged: a constant has another size');
    return new Tensor(r.type, r.shape, piece.slice());
  });
  return { ...rest, wiring: { ...wiring, results }, parts };
}

const isList = Array.isArray as (value: unknown) => value is unknown[];
const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown, below: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < below;

/** The text of a blob, every number in it checked against what it counts; undefined for anything else. A checksum proves no author. */
function textOf(content: unknown): Text | undefined {
  const text = (content ?? {}) as Partial<Text>;
  const { name, ports, wiring, story, seals, properties, pieces } = text;
  if (!isText(name) || !ports || !wiring || !story || !areSeals(seals) || !properties || !isList(pieces)) return undefined;
  if (!isList(ports.inputs) || !isList(ports.outputs) || !isList(wiring.parts) || !isList(wiring.results)) return undefined;
  if (pieces.length !== wiring.parts.length || ports.outputs.length !== wiring.results.length || ports.inputs.length !== wiring.inputs)
    return undefined;
  if (!pieces.every((n) => n === 1 || n === 2)) return undefined;
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
  if (!isList(story.devices) || !isList(story.parts) || !isList(story.values) || !isList(story.results)) return undefined;
  return story.parts.every((p) => isText(p?.device) && isText(p.why) && isList(p.nodes)) ? (text as Text) : undefined;
}
