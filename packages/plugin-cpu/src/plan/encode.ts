/**
 * @file A Plan as bytes, little-endian; `native/runtime/plan.cc` reads them.
 *
 * header: "CUVPLAN\0", u32 version, u32 block, u32 isa name (string), u32 number of sections,
 *         then per section u32 id, u32 zero, u64 offset from the start, u64 length. Sections start at multiples of 8.
 * 1 names    u32 count, then (count + 1) u32 offsets from the first character, then UTF-8
 * 2 shapes   the assembled shape program (format: core/src/shape/program.ts)
 * 3 bindings u32 levels; per level u32 count; per binding u8 kind (0 dim, 1 element), u8[3] zero, u32 tensor, u32 axis or element, u32 register
 * 4 tensors  u32 count; each u8 type, u8 layout, u8 storage, u8 rank, i32 link, i32 offset register, u32 name, u32 dims[rank]
 *            type: index in core's `elementTypes`; layout 0 plain, 1 blocked; storage 0 arena, 1 weight, 2 input, 3 output, 4 state, 5 dynamic, 6 view
 * 5 ports    u32 inputs, u32 outputs, i32 tensor each
 * 6 levels   u32 count; per level u32 steps; each step u32 family, u32 action, u32 op, u16 inputs, u16 outputs, u16 args, u16 plans, u16 origins, u16 zero,
 *            i32 inputs[], i32 outputs[], per arg { u32 kind (0 int, 1 float, 2 register), u32 zero, i64 or f64 value } (padded to 8 first), u32 plans[], u32 origins[] (padded to 8)
 * 7 segments per level u32 count; each u32 first, u32 count, u32 rows
 * 8 states   u32 count; each u32 name, u32 type, i32 read, i32 write, u32 shape text
 * 9 weights  u32 count; each u32 source (0 bytes, 1 file), u32 type, u32 path (string; for bytes: index into the list handed over beside the plan), u32 zero, u64 offset, u64 length
 * 10 plans   u32 count; per plan u64 length and the plan's bytes, padded to 8; a prologue, when there is one, comes last and `header` of section 11 says so
 * 11 flags   u32 1 when the last of the plans is the prologue
 */
import { atOnce, CuveeError, elementTypes, stride, type Steps } from '@cuvee/core';
import type { Arg, Plan, PlanTensor, Step, Storage } from './plan.js';

export const planVersion = 1;

/** Grows as it is written to. */
class Writer {
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  #room(n: number): number {
    const at = this.length;
    this.length += n;
    if (this.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
  // Room is made first: it may put another view in place. No lists of arguments: these run thousands of times in a cold engine.
  u32(value: number): void {
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
  }
  u32s(values: readonly number[]): void {
    const at = this.#room(4 * values.length);
    for (let i = 0; i < values.length; i++) this.#view.setUint32(at + 4 * i, values[i] as number, true);
  }
  /** Two of 16 bits. */
  u16x2(a: number, b: number): void {
    this.u32((a & 0xffff) | (b << 16));
  }
  /** Four of 8 bits. */
  u8x4(a: number, b: number, c: number, d: number): void {
    this.u32((a & 255) | ((b & 255) << 8) | ((c & 255) << 16) | (d << 24));
  }
  i64(value: number | bigint): void {
    const at = this.#room(8);
    if (typeof value === 'bigint') this.#view.setBigInt64(at, value, true);
    else if (!Number.isInteger(value)) throw new CuveeError('INTERNAL', `${value} stands where a plan has an integer`);
    else {
      this.#view.setUint32(at, value, true);
      this.#view.setInt32(at + 4, Math.floor(value / 2 ** 32), true);
    }
  }
  f64(value: number): void {
    const at = this.#room(8);
    this.#view.setFloat64(at, value, true);
  }
  bytes(b: Uint8Array): void {
    const at = this.#room(b.length);
    this.#bytes.set(b, at);
  }
  pad(): void {
    this.length += -this.length & 7; // memory that nobody wrote to is zero
    this.#room(0);
  }
  setU64(at: number, value: number): void {
    this.#view.setBigUint64(at, BigInt(value), true);
  }
  done(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }
}

const storages: readonly Storage['kind'][] = ['arena', 'weight', 'input', 'output', 'state', 'dynamic', 'view'];
const linkOf = (s: Storage): number => (s.kind === 'weight' ? s.weight : s.kind === 'view' ? s.of : 'index' in s ? s.index : -1);

/** Strings by index, each stored once. */
class Names {
  readonly #index = new Map<string, number>();
  id(text: string): number {
    const known = this.#index.get(text);
    if (known !== undefined) return known;
    this.#index.set(text, this.#index.size);
    return this.#index.size - 1;
  }
  write(w: Writer): void {
    const utf8 = new TextEncoder();
    const texts = [...this.#index.keys()];
    const whole = texts.join('');
    const bytes = utf8.encode(whole);
    const isAscii = bytes.length === whole.length; // nearly always: one call serves all
    const encoded: readonly ArrayLike<unknown>[] = isAscii ? texts : texts.map((text) => utf8.encode(text));
    w.u32(texts.length);
    let at = 0;
    w.u32(at);
    for (let i = 0; i < encoded.length; i++) w.u32((at += (encoded[i] as ArrayLike<unknown>).length));
    if (isAscii) w.bytes(bytes);
    else for (const e of encoded) w.bytes(e as Uint8Array);
  }
}

/** A plan's bytes, and the constants that lie in memory, to be handed over beside them. */
export interface EncodedPlan {
  readonly bytes: Uint8Array;
  readonly constants: readonly Uint8Array[];
}

/** A plan's bytes. Throws MODEL_UNSUPPORTED for what they cannot say. */
export const encodePlan = (plan: Plan): EncodedPlan => atOnce(encodingPlan(plan));

/** The same in steps; `constants` collects those of sub-plans too. */
export function* encodingPlan(plan: Plan, constants: Uint8Array[] = []): Steps<EncodedPlan> {
  const names = new Names();
  const isa = names.id(plan.isa.name);
  const w = new Writer();
  const sections: [number, (w: Writer) => void | Steps<void>][] = [
    [2, (s) => s.bytes(plan.shapes)],
    [3, (s) => writeBindings(s, plan)],
    [
      4,
      function* (s) {
        s.u32(plan.tensors.length);
        for (let i = 0; i < plan.tensors.length; i++) {
          if (i % stride === 0) yield;
          writeTensor(s, plan.tensors[i] as PlanTensor, names);
        }
      },
    ],
    [
      5,
      (s) => {
        s.u32(plan.inputs.length);
        s.u32(plan.outputs.length);
        s.u32s(plan.inputs);
        s.u32s(plan.outputs);
      },
    ],
    [
      6,
      function* (s) {
        s.u32(plan.levels.length);
        for (const { steps } of plan.levels) {
          s.u32(steps.length);
          for (let i = 0; i < steps.length; i++) {
            if (i % stride === 0) yield;
            writeStep(s, steps[i] as Step, names);
          }
        }
      },
    ],
    [
      7,
      (s) => {
        for (const l of plan.levels) {
          s.u32(l.segments.length);
          for (const g of l.segments) s.u32s([g.first, g.count, g.rows]);
        }
      },
    ],
    [
      8,
      (s) => {
        s.u32(plan.states.length);
        for (const v of plan.states) s.u32s([names.id(v.name), typeId(v.type), v.read, v.write, names.id(v.shape)]);
      },
    ],
    [9, (s) => writeWeights(s, plan, names, constants)],
    [10, (s) => writingPlans(s, plan, constants)],
    [11, (s) => s.u32(plan.prologue ? 1 : 0)],
    [1, (s) => names.write(s)],
  ];
  w.bytes(new TextEncoder().encode('CUVPLAN\0'));
  w.u32s([planVersion, plan.isa.block, isa, sections.length]);
  const table = w.length;
  for (const [id] of sections) {
    w.u32s([id, 0, 0, 0, 0, 0]);
  }
  for (let i = 0; i < sections.length; i++) {
    w.pad();
    const start = w.length;
    const steps = (sections[i] as (typeof sections)[number])[1](w);
    if (steps) yield* steps;
    w.setU64(table + i * 24 + 8, start);
    w.setU64(table + i * 24 + 16, w.length - start);
  }
  w.pad();
  return { bytes: w.done(), constants };
}

const typeId = (type: PlanTensor['type']): number => elementTypes.indexOf(type);

function writeBindings(w: Writer, plan: Plan): void {
  w.u32(plan.bindings.length);
  for (const level of plan.bindings) {
    w.u32(level.length);
    for (const b of level) {
      w.u32s([b.kind === 'dim' ? 0 : 1, b.tensor, b.kind === 'dim' ? b.axis : b.element, b.register]);
    }
  }
}

function writeTensor(w: Writer, t: PlanTensor, names: Names): void {
  if (t.dims.length > 255) throw new CuveeError('MODEL_UNSUPPORTED', `tensor "${t.name}" has rank ${t.dims.length}`);
  w.u8x4(typeId(t.type), t.layout === 'plain' ? 0 : 1, storages.indexOf(t.storage.kind), t.dims.length);
  w.u32(linkOf(t.storage));
  w.u32(t.storage.kind === 'view' ? t.storage.offset : -1);
  w.u32(names.id(t.name));
  w.u32s(t.dims);
}

function writeArg(w: Writer, arg: Arg): void {
  const kind = 'int' in arg ? 0 : 'float' in arg ? 1 : 2;
  w.u32(kind);
  w.u32(0);
  if (kind === 1) w.f64((arg as { readonly float: number }).float);
  else w.i64(kind === 0 ? (arg as { readonly int: number | bigint }).int : (arg as { readonly register: number }).register);
}

function writeStep(w: Writer, { family, action, op, inputs, outputs, args, plans = [], origin }: Step, names: Names): void {
  w.u32(names.id(family));
  w.u32(names.id(action));
  w.u32(names.id(op));
  w.u16x2(inputs.length, outputs.length);
  w.u16x2(args.length, plans.length);
  w.u16x2(origin.length, 0);
  w.u32s(inputs);
  w.u32s(outputs);
  w.pad();
  for (let i = 0; i < args.length; i++) writeArg(w, args[i] as Arg);
  w.u32s(plans);
  for (let i = 0; i < origin.length; i++) w.u32(names.id(origin[i] as string));
  w.pad();
}

function writeWeights(w: Writer, plan: Plan, names: Names, constants: Uint8Array[]): void {
  w.u32(plan.weights.length);
  for (const { source, type } of plan.weights) {
    if (source.kind === 'file') {
      w.u32s([1, typeId(type), names.id(source.path), 0]);
      w.i64(source.offset);
      w.i64(source.length);
    } else {
      w.u32s([0, typeId(type), constants.length, 0]);
      w.i64(0);
      w.i64(source.bytes.byteLength);
      constants.push(source.bytes);
    }
  }
}

function* writingPlans(w: Writer, plan: Plan, constants: Uint8Array[]): Steps<void> {
  const all = [...plan.plans, ...(plan.prologue ? [plan.prologue] : [])];
  w.u32s([all.length, 0]);
  for (const inner of all) {
    const { bytes } = yield* encodingPlan(inner, constants);
    w.i64(bytes.length);
    w.bytes(bytes);
    w.pad();
  }
}
