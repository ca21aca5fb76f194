/**
 * @file A compiled model as bytes, for `exportModel` and caches. Little-endian:
 *
 * "CUVBLOB\0", u32 version, u32 zero, u64 length of the whole, SHA-256 of all other bytes (32 bytes),
 * u32 length of the text, u32 number of parts, per part u64 offset and u64 length, the text (JSON), then the parts at multiples of 64.
 *
 * Constants that lie in files may be left there: then the text names file, range, size and time of change, and a changed file refuses the blob.
 *
 * The text has the plan, its shape programs and the ports, or the model where plans wait for inputs; the parts are constants and code. A blob is for the version of the
 * plugin and the instruction set that wrote it: everything else refuses it, so a blob can only ever save time.
 */

import {
  CuveeError,
  portModel,
  readIr,
  reloadable,
  storedRange,
  writeIr,
  type FileStamp,
  type Model,
  type PortsText,
  type WeightSource,
} from '@cuvee/core';
import type { Compiled } from './compile/compile.js';
import { planVersion } from './plan/encode.js';
import type { Plan } from './plan/plan.js';

const magic = 'CUVBLOB\0';
const version = 1;
const header = 56;

/** What a blob holds. */
export interface BlobContent {
  /** Version of the plugin. */
  readonly engine: string;
  readonly ports: PortsText;
  /** A plan, or the model itself where each set of inputs makes its own plan. */
  readonly compiled: Pick<Compiled, 'plan' | 'programs' | 'rules'> | { readonly model: Model };
}
/** What is compiled before any input comes. */
export type Planned = Extract<BlobContent['compiled'], { plan: Plan }>;

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
  const text = new TextEncoder().encode(JSON.stringify(content));
  const { all } = parts;
  let at = header + 8 + all.length * 16 + text.length;
  const gap = (): number => -at & 63;
  const pieces: Uint8Array[] = [];
  const table = new DataView(new ArrayBuffer(8 + all.length * 16));
  table.setUint32(0, text.length, true);
  table.setUint32(4, all.length, true);
  all.forEach((part, i) => {
    const space = gap();
    pieces.push(new Uint8Array(space), part);
    table.setBigUint64(8 + i * 16, BigInt(at + space), true);
    table.setBigUint64(16 + i * 16, BigInt(part.byteLength), true);
    at += space + part.byteLength;
  });
  const body = [new Uint8Array(table.buffer), text, ...pieces];
  const head = new Uint8Array(header);
  new TextEncoder().encodeInto(magic, head);
  const view = new DataView(head.buffer);
  view.setUint32(8, version, true);
  view.setBigUint64(16, BigInt(at), true);
  head.set(digest([head.subarray(0, 24), ...body]), 24);
  yield head;
  yield* body;
}

const plannedParts = ({ plan, programs, rules }: Planned, parts: Parts) => ({
  plan: plain(plan, parts),
  programs: plain(programs, parts),
  rules: [...rules],
});

/** The model as IR. */
function modelParts(model: Model, parts: Parts) {
  const { xml, weights } = writeIr(model);
  return { xml, weights: plain(new Uint8Array(Buffer.concat(weights)), parts) };
}

/** Reads a blob whole and checks every byte. Throws MODEL_INVALID, telling what is wrong and that the model can be compiled again. */
export function readBlob(
  bytes: Uint8Array,
  engine: string,
  isa: Plan['isa'],
): { readonly ports: Model; readonly compiled: BlobContent['compiled'] } {
  const bad = (why: string): never => {
    throw new CuveeError('MODEL_INVALID', `the compiled model ${why}; compile it again from the model`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < header + 8 || new TextDecoder().decode(bytes.subarray(0, 8)) !== magic) bad('is not one that device CPU exported');
  if (view.getUint32(8, true) !== version) bad(`has format ${view.getUint32(8, true)}, this is format ${version}`);
  if (view.getBigUint64(16, true) !== BigInt(bytes.length)) bad(`has ${bytes.length} bytes, not ${view.getBigUint64(16, true)}`);
  const told = bytes.subarray(24, header);
  if (!digest([bytes.subarray(0, 24), bytes.subarray(header)]).equals(told)) bad('is damaged: its checksum does not match');
  // From here on the bytes are those that were written; native code still checks every index of the plan.
  const count = view.getUint32(header + 4, true);
  const start = header + 8 + count * 16;
  const parts = Array.from({ length: count }, (_, i) => {
    const [at, length] = [0, 8].map((k) => Number(view.getBigUint64(header + 8 + i * 16 + k, true))) as [number, number];
    if (at + length > bytes.length) bad('is damaged');
    return bytes.subarray(at, at + length);
  });
  const text = new TextDecoder().decode(bytes.subarray(start, start + view.getUint32(header, true)));
  const content = JSON.parse(text) as Record<'plan' | 'programs' | 'weights', unknown> & {
    xml?: string;
    engine: string;
    planVersion: number;
    ports: PortsText;
    rules: [string, number][];
  };
  if (content.engine !== engine || content.planVersion !== planVersion) bad(`is of version ${content.engine}, this is ${engine}`);
  if (content.xml !== undefined) {
    const weights = revived(content.weights, parts) as Uint8Array;
    const model = readIr({
      bytes: new TextEncoder().encode(content.xml),
      weights: { kind: 'bytes', bytes: weights },
    });
    return { ports: portModel(content.ports), compiled: { model } };
  }
  const plan = revived(content.plan, parts) as Plan;
  if (plan.isa.name !== isa.name || plan.isa.block !== isa.block)
    bad(`is for the instruction set ${plan.isa.name}, this process has ${isa.name}`);
  const programs = revived(content.programs, parts) as Compiled['programs'];
  return {
    ports: portModel(content.ports),
    compiled: { plan, programs, rules: new Map(content.rules) },
  };
}

function digest(pieces: readonly Uint8Array[]): Buffer {
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256'); // not imported: few processes need it, and it takes 2 ms to load
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
}

/** Bytes that a blob holds beside its text. */
class Parts {
  readonly all: Uint8Array[] = [];
  /** Constants of files stay in their files. */
  readonly weightless: boolean;
  constructor(weightless: boolean) {
    this.weightless = weightless;
  }
}

/** Plain data as JSON has it: bytes by number of their part, constants of files read or named, numbers that JSON lacks as texts. */
function plain(value: unknown, parts: Parts): unknown {
  if (typeof value === 'bigint') return { $: 'int', value: String(value) };
  if (typeof value === 'number' && !(Number.isFinite(value) && !Object.is(value, -0)))
    return { $: 'float', value: Object.is(value, -0) ? '-0' : String(value) };
  if (value instanceof Uint8Array) return { $: 'part', value: parts.all.push(value) - 1 };
  if (Array.isArray(value)) return value.map((v) => plain(v, parts));
  if (typeof value !== 'object' || value === null) return value;
  const source = value as Partial<Extract<WeightSource, { kind: 'file' }>>;
  if (source.kind === 'file' && typeof source.read === 'function') {
    const { path = '', stamp, offset = 0, length = 0 } = source;
    if (!parts.weightless || !stamp) return plain({ kind: 'bytes', bytes: source.read() }, parts);
    storedRange({ path, ...stamp }, offset, length); // is the file still what it was?
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
