/**
 * @file A compiled model as bytes, for `exportModel` and caches. Little-endian:
 *
 * "CUVBLOB\0", u32 version, u32 zero, u64 length of the whole, BLAKE3 of all other bytes (32 bytes), u32 length of the head, u32 number of
 * parts, per part u64 offset and u64 length, the head (JSON), then the parts at multiples of 64 and 64 zeros, so that kernels may read
 * constants where they lie.
 *
 * The head has what every start needs: versions, ports, types of outputs and states, and which parts are the plan as the addon takes it and its
 * constants. What only questions need (the plan as TypeScript has it, its shape programs, rules) is a part of its own, read when somebody asks.
 * Where plans wait for inputs, the head has the model as IR instead.
 *
 * Constants that lie in files may be left there: then the texts name file, range, size and time of change, and a changed file refuses the blob.
 *
 * A blob is for the version of the plugin and the instruction set that wrote it: everything else refuses it, so a blob can only ever save time.
 */

import {
  CuveeError,
  modelInBlob,
  reloadable,
  storedRange,
  writeIr,
  type ElementType,
  type FileStamp,
  type Model,
  type PortsText,
  type WeightSource,
} from '@cuvee/core';
import type { Compiled } from './compile/compile.js';
import { digest, digestLater } from './native.js';
import { encodePlan, planVersion, type EncodedPlan } from './plan/encode.js';
import type { Plan, PlanState } from './plan/plan.js';

const magic = 'CUVBLOB\0';
const version = 2;
const header = 56;
/** Bytes that kernels may read past the end of a constant. */
const slack = 64;

/** What is compiled before any input comes. */
export type Planned = Pick<Compiled, 'plan' | 'programs' | 'rules'>;

/** What a request needs to know of a plan. */
export interface Essence {
  /** Of each output. */
  readonly outputs: readonly ElementType[];
  readonly states: readonly PlanState[];
}
export const essenceOf = ({ outputs, tensors, states }: Plan): Essence => ({
  outputs: outputs.map((id) => tensors[id]?.type as ElementType),
  states,
});

/** What a blob holds. */
export interface BlobContent {
  /** Version of the plugin. */
  readonly engine: string;
  readonly ports: PortsText;
  /** A plan, or the model itself where each set of inputs makes its own plan. `encoded`: the plan's, where somebody has it already. */
  readonly compiled: (Planned & { readonly encoded?: EncodedPlan | undefined }) | { readonly model: Model };
}

/** A plan as a blob gives it. */
export interface StoredPlan {
  readonly encoded: EncodedPlan;
  readonly essence: Essence;
  /** The rest, read now. */
  readonly planned: () => Planned;
  /** Whether constants were left in their files. */
  readonly weightless: boolean;
}

/** The same plan without memory that a file can give back. */
export function light(plan: Plan, seen: Parameters<typeof reloadable>[1] = new Map()): Plan {
  return {
    ...plan,
    weights: plan.weights.map((w) => ({
      ...w,
      source: reloadable(w.source, seen),
    })),
    plans: plan.plans.map((p) => light(p, seen)),
    prologue: plan.prologue && light(plan.prologue, seen),
  };
}

/**
 * Writes a blob, in pieces. `weightless`: constants that lie in a file are left there, and the blob is of use only as long as the file stays
 * as it is. Throws FILE_NOT_FOUND when a file that constants lie in is no longer what it was.
 */
export function* writeBlob({ engine, ports, compiled }: BlobContent, weightless = false): Iterable<Uint8Array> {
  const parts = new Parts(weightless);
  const content = {
    engine,
    planVersion,
    ports,
    ...('model' in compiled ? modelParts(compiled.model, parts) : plannedParts(compiled, parts)),
  };
  const text = utf8.encode(JSON.stringify(content));
  const { all } = parts;
  let at = header + 8 + all.length * 16 + text.length;
  const pieces: Uint8Array[] = [];
  const table = new DataView(new ArrayBuffer(8 + all.length * 16));
  table.setUint32(0, text.length, true);
  table.setUint32(4, all.length, true);
  all.forEach((part, i) => {
    const gap = -at & 63;
    pieces.push(zeros.subarray(0, gap), part);
    table.setBigUint64(8 + i * 16, BigInt(at + gap), true);
    table.setBigUint64(16 + i * 16, BigInt(part.byteLength), true);
    at += gap + part.byteLength;
  });
  pieces.push(zeros);
  const body = [new Uint8Array(table.buffer), text, ...pieces];
  const head = new Uint8Array(header);
  utf8.encodeInto(magic, head);
  const view = new DataView(head.buffer);
  view.setUint32(8, version, true);
  view.setBigUint64(16, BigInt(at + slack), true);
  head.set(Buffer.from(digest([head.subarray(0, 24), ...body]), 'hex'), 24);
  yield head;
  yield* body;
}

const utf8 = new TextEncoder();
const zeros = new Uint8Array(slack);

/** Head of a plan's blob. */
interface PlanHead {
  readonly isa: Plan['isa'];
  readonly essence: unknown;
  /** Numbers of the parts. */
  readonly code: number;
  readonly constants: readonly number[];
  readonly rest: number;
  /** Files that constants were left in. */
  readonly files: readonly FileStamp[];
}

function plannedParts(
  { plan, programs, rules, encoded }: Planned & { readonly encoded?: EncodedPlan | undefined },
  parts: Parts,
): PlanHead {
  const held = placed(plan, parts);
  const { bytes, constants } = held === plan && encoded ? encoded : encodePlan(held);
  return {
    isa: plan.isa,
    essence: plain(essenceOf(plan), parts),
    code: parts.add(bytes),
    constants: constants.map((c) => parts.add(c)),
    rest: parts.add(utf8.encode(JSON.stringify(plain({ plan: held, programs, rules: [...rules] }, parts)))),
    files: [...parts.files.values()],
  };
}

/** The same plan with all constants in memory, save those that may stay in files. */
function placed(plan: Plan, parts: Parts): Plan {
  const inFile = ({ source }: Plan['weights'][number]): boolean => source.kind === 'file';
  const held = (p: Plan): boolean => p.weights.some(inFile) || p.plans.some(held) || (p.prologue !== undefined && held(p.prologue));
  if (!held(plan)) return plan;
  const place = (source: WeightSource): WeightSource => {
    if (source.kind !== 'file') return source;
    const { path, stamp, offset, length } = source;
    if (!parts.weightless || !stamp) return { kind: 'bytes', bytes: source.read() };
    const file = { path, ...stamp };
    storedRange(file, offset, length); // is the file still what it was?
    parts.files.set(path, file);
    return source;
  };
  const all = (p: Plan): Plan => ({
    ...p,
    weights: p.weights.map((w) => ({ ...w, source: place(w.source) })),
    plans: p.plans.map(all),
    prologue: p.prologue && all(p.prologue),
  });
  return all(plan);
}

/** The model as IR. */
function modelParts(model: Model, parts: Parts) {
  const { xml, weights } = writeIr(model);
  return { xml, weights: plain(new Uint8Array(Buffer.concat(weights)), parts) };
}

const bad = (why: string): never => {
  throw new CuveeError('MODEL_INVALID', `the compiled model ${why}; compile it again from the model`);
};

/** Begins the checksum of a blob; the function that comes back, called once, tells whether its bytes are those that were written. */
function checking(bytes: Uint8Array): () => boolean {
  const summed = digestLater([bytes.subarray(0, 24), bytes.subarray(header)]);
  return () => summed() === Buffer.from(bytes.subarray(24, header)).toString('hex');
}

/** A blob that was read before, to be given away again. Throws MODEL_INVALID where its memory, which is somebody else's, was written to since. */
export const stillWhole = (bytes: Uint8Array): Uint8Array =>
  checking(bytes)() ? bytes : bad('was imported from memory that has been written to since');

/** What a blob's head tells, and the parts. */
interface Head {
  readonly parts: readonly Uint8Array[];
  readonly content: PlanHead & { engine: string; planVersion: number; ports: PortsText; xml?: string; weights: unknown };
}

/** Throws something for bytes that are no head. */
function headOf(bytes: Uint8Array, view: DataView): Head {
  const count = view.getUint32(header + 4, true);
  const start = header + 8 + count * 16;
  if (start > bytes.length) throw new RangeError('more parts than bytes');
  const parts = Array.from({ length: count }, (_, i) => {
    const [at, length] = [0, 8].map((k) => Number(view.getBigUint64(header + 8 + i * 16 + k, true))) as [number, number];
    if (at + length > bytes.length) throw new RangeError('a part beyond the end');
    return bytes.subarray(at, at + length);
  });
  const text = new TextDecoder().decode(bytes.subarray(start, start + view.getUint32(header, true)));
  return { parts, content: JSON.parse(text) as Head['content'] };
}

/** Reads a blob and checks every byte. Its parts stay where they are. Throws MODEL_INVALID, telling what is wrong and that the model can be compiled again. */
export function readBlob(
  bytes: Uint8Array,
  engine: string,
  isa: Plan['isa'],
): { readonly texts: PortsText; readonly compiled: StoredPlan | { readonly model: Model } } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < header + 8 || new TextDecoder().decode(bytes.subarray(0, 8)) !== magic) bad('is not one that device CPU exported');
  if (view.getUint32(8, true) !== version) bad(`has format ${view.getUint32(8, true)}, this is format ${version}`);
  if (view.getBigUint64(16, true) !== BigInt(bytes.length)) bad(`has ${bytes.length} bytes, not ${view.getBigUint64(16, true)}`);
  // While a thread computes the checksum, the head is read, which leads nowhere; nothing of it is used before.
  const isWhole = checking(bytes);
  let head: Partial<Head> = {};
  try {
    head = headOf(bytes, view);
  } catch {
    // Bytes that nobody wrote: the checksum tells.
  }
  if (!isWhole()) bad('is damaged: its checksum does not match');
  // From here on the bytes are those that were written; native code still checks every index of the plan.
  const { parts, content } = head;
  if (!parts || !content) return bad('is damaged');
  if (content.engine !== engine || content.planVersion !== planVersion) bad(`is of version ${content.engine}, this is ${engine}`);
  if (content.xml !== undefined) {
    const model = modelInBlob(utf8.encode(content.xml), revived(content.weights, parts) as Uint8Array);
    return { texts: content.ports, compiled: { model } };
  }
  const { essence, files, code, constants, rest } = content;
  if (content.isa.name !== isa.name || content.isa.block !== isa.block)
    bad(`is for the instruction set ${content.isa.name}, this process has ${isa.name}`);
  for (const file of files) storedRange(file, 0, 0);
  const part = (i: number): Uint8Array => parts[i] ?? bad('lacks a part');
  const told = new Uint8Array(part(rest)); // a copy, too: whoever gave the blob may use its memory for something else
  const planned = (): Planned => {
    const { rules, ...all } = revived(JSON.parse(new TextDecoder().decode(told)), parts) as Omit<Planned, 'rules'> & {
      rules: [string, number][];
    };
    return { ...all, rules: new Map(rules) };
  };
  const encoded = { bytes: part(code), constants: constants.map(part) };
  return {
    texts: content.ports,
    compiled: { encoded, essence: revived(essence, parts) as Essence, planned, weightless: files.length > 0 },
  };
}

/** Bytes that a blob holds beside its text. */
class Parts {
  readonly all: Uint8Array[] = [];
  /** Constants of files stay in their files. */
  readonly weightless: boolean;
  /** By path. */
  readonly files = new Map<string, FileStamp>();
  readonly #numbers = new Map<Uint8Array, number>();
  constructor(weightless: boolean) {
    this.weightless = weightless;
  }
  /** The number of a part; what is there already is there once. */
  add(part: Uint8Array): number {
    const known = this.#numbers.get(part) ?? this.all.push(part) - 1;
    this.#numbers.set(part, known);
    return known;
  }
}

/** Plain data as JSON has it: bytes by number of their part, constants of files read or named, numbers that JSON lacks as texts. */
function plain(value: unknown, parts: Parts): unknown {
  if (typeof value === 'bigint') return { $: 'int', value: String(value) };
  if (typeof value === 'number' && !(Number.isFinite(value) && !Object.is(value, -0)))
    return { $: 'float', value: Object.is(value, -0) ? '-0' : String(value) };
  if (value instanceof Uint8Array) return { $: 'part', value: parts.add(value) };
  if (Array.isArray(value)) return value.map((v) => plain(v, parts));
  if (typeof value !== 'object' || value === null) return value;
  const source = value as Partial<Extract<WeightSource, { kind: 'file' }>>;
  if (source.kind === 'file' && typeof source.read === 'function') {
    const { path = '', stamp, offset = 0, length = 0 } = source; // `placed` left only those that have a stamp
    return { $: 'file', path, ...stamp, offset, length };
  }
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v, parts)]));
}

/** The same backwards, in place: `value` is what JSON.parse just made. */
function revived(value: unknown, parts: readonly Uint8Array[]): unknown {
  if (!isObject(value)) return value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (isObject(value[i])) value[i] = revived(value[i], parts);
    return value;
  }
  const { $: tag, value: inner } = value;
  if (tag === 'int') return BigInt(inner as string);
  if (tag === 'float') return Number(inner);
  if (tag === 'part') return parts[inner as number];
  if (tag === 'file') {
    const { path, size, modified, offset, length } = value as unknown as FileStamp & { offset: number; length: number };
    return storedRange({ path, size, modified }, offset, length);
  }
  for (const key in value) if (isObject(value[key])) value[key] = revived(value[key], parts);
  return value;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
