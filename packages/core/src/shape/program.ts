/**
 * Shape programs: what computes every size of a compiled model from the sizes of its inputs. Straight-line code over
 * integer registers, in levels: level 0 knows the input and state sizes, a later level what earlier steps found out.
 *
 * `runShapes` is the interpreter for plugin-reference and tests; native executors decode `assemble`'s bytes. Both keep to
 * ±(2^53 − 1), so that they fail on the same inputs.
 *
 * Bytes of `assemble`, little-endian, every part aligned to 8 except the last:
 *
 *   0  u32 magic 0x50485343 ("CSHP")    4  u16 version = 1        6  u16 L, levels
 *   8  u32 R, registers                12  u32 K, constants      16  u32 S, symbols
 *  20  u32 N, instruction records      24  u32 G, guards         28  u32 Q, roots
 *  32  K × i64                 constants: registers 0..K−1
 *      S × 32 bytes            symbols: registers K..K+S−1, by ascending level
 *          u8 kind (0 input, 1 state, 2 data, 3 value), u8 0, u16 level, u32 a, u32 b, u32 c, i64 lo, i64 hi
 *          input: a port, b axis. state: a variable, b axis. data: a node, b output, c axis. value: a node, b output,
 *          c element. Variables and nodes are the numbers that the caller of `assemble` gives them; 0xffffffff if none.
 *          hi = 2^63−1 and lo = −2^63 stand for no limit. A number bound to a value symbol is first brought within
 *          ±2^52, so that arithmetic with INT64_MAX, the end of many slices, does not overflow.
 *      N × 16 bytes            instructions, by ascending level; every register is written once, before it is read
 *          u8 op, u8 flags, u16 dst, u16 a, u16 b, i64 imm
 *          WIDE precedes an instruction whose registers need more than 16 bits: its dst, a, b are their upper halves.
 *      G × 8 bytes             guards, by ascending level: u32 register (1: holds), u8 class (0 error, 1 assume), u8 0, u16 level
 *      L × 24 bytes            levels: u32 first and end symbol, u32 first and end record, u32 first and end guard
 *      Q × u32                 roots: the register of each dimension asked for
 */
import { CuveeError } from '../errors.js';
import type { Origin } from './expr.js';
import { floorDivide, floorModulo, MAX_SAFE } from './interval.js';
import { scaleNumber, type Rounding } from './scale.js';

/**
 * Operations; r is the result, a and b are registers, imm a number.
 * ADD SUB MUL MAX MIN: of a and b. ADDI, MULI: a with imm. FDIV, MOD, TDIV: a by b > 0 (floor, floor's remainder,
 * truncation). FDIVI: ⌊a/imm⌋, imm > 0. SHR: ⌊a/2^imm⌋. BCAST: a = 1 ? b : a. SELGE: register imm ≥ 0 ? a : b. SELEQ:
 * register imm = 0 ? a : b. FSCALE: a times the f32 with bits imm, flags: rounding (0 floor, 1 ceil, 2 half to even), +4 exact.
 * ALIGN: a rounded up to a multiple of imm. PROD: a·b, at most imm. GE: a ≥ b. EQ: a = b (1 or 0).
 */
export const shapeOps = {
  ADD: 1,
  SUB: 2,
  MUL: 3,
  ADDI: 4,
  MULI: 5,
  FDIV: 6,
  FDIVI: 7,
  SHR: 8,
  MOD: 9,
  TDIV: 10,
  MAX: 11,
  MIN: 12,
  BCAST: 13,
  SELGE: 14,
  SELEQ: 15,
  FSCALE: 16,
  ALIGN: 17,
  PROD: 18,
  GE: 19,
  EQ: 20,
  WIDE: 255,
} as const;

export const roundings: readonly Rounding[] = ['floor', 'ceil', 'round'];

/** A number that the program takes: the i-th of its symbols is bound to the i-th number. */
export interface BoundSymbol {
  readonly origin: Exclude<Origin, { kind: 'def' }>;
  readonly name: string;
  /** Inclusive; checked when bound. */
  readonly lo: number;
  readonly hi: number;
  readonly level: number;
}

/** A condition checked in its level. */
export interface ProgramGuard {
  readonly class: 'error' | 'assume';
  /** 1 where it holds. */
  readonly register: number;
  readonly level: number;
  readonly node: string;
  /** Message; `{0}` … stand for `dims`. */
  readonly what: string;
  readonly dims: readonly { readonly text: string; readonly register: number }[];
  /** Indices of the symbols that the dimensions depend on. */
  readonly symbols: readonly number[];
}

/** Half-open ranges of what belongs to a level. */
export interface ProgramLevel {
  readonly symbols: readonly [from: number, to: number];
  /** In 16-byte records. */
  readonly code: readonly [from: number, to: number];
  readonly guards: readonly [from: number, to: number];
}

/** Plain data. Registers: constants, then symbols, then results in the order of the code. */
export interface ShapeProgram {
  readonly registers: number;
  readonly constants: readonly number[];
  readonly symbols: readonly BoundSymbol[];
  /** 16-byte instructions, as in `assemble`. */
  readonly code: Uint8Array;
  readonly guards: readonly ProgramGuard[];
  readonly levels: readonly ProgramLevel[];
  /** The register of each root that was lowered, in order. */
  readonly roots: readonly number[];
  /** For each instruction record the root that first needed it, or roots.length + the guard. */
  readonly owners: readonly number[];
}

/** Why a program stopped. range: a bound number is outside its declared range. limit: PROD exceeded its limit. */
export interface GuardFailure {
  readonly kind: 'guard' | 'range' | 'overflow' | 'divisor' | 'limit';
  /** Of the guard, of the symbol, or of the instruction record. */
  readonly index: number;
  /** assume: a compiled variant does not serve these sizes. Everything else is an error. */
  readonly class: 'error' | 'assume';
  /** As far as they were computed. */
  readonly registers: Float64Array;
}

const MAX_VALUE = 2 ** 52;
const decoded = new WeakMap<ShapeProgram, { fields: Int32Array; imm: Float64Array }>();

/** op, flags, dst, a, b of each record, with WIDE folded into its successor (and left as op 255, which does nothing). */
function decode(p: ShapeProgram): { fields: Int32Array; imm: Float64Array } {
  let d = decoded.get(p);
  if (d) return d;
  const n = p.code.length / 16,
    view = new DataView(p.code.buffer, p.code.byteOffset, p.code.byteLength);
  d = { fields: new Int32Array(n * 5), imm: new Float64Array(n) };
  const high = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const at = i * 16,
      op = view.getUint8(at),
      wide = op === shapeOps.WIDE;
    d.fields[i * 5] = op;
    d.fields[i * 5 + 1] = view.getUint8(at + 1);
    for (let k = 0; k < 3; k++) {
      const low = view.getUint16(at + 2 + 2 * k, true);
      d.fields[i * 5 + 2 + k] = wide ? 0 : low + high[k]! * 65536;
      high[k] = wide ? low : 0;
    }
    d.imm[i] = view.getInt32(at + 12, true) * 4294967296 + view.getUint32(at + 8, true);
  }
  decoded.set(p, d);
  return d;
}

/** All registers for bound numbers (in the order of `symbols`), or the first failure. */
export function runShapes(p: ShapeProgram, bound: readonly number[]): Float64Array | GuardFailure {
  const registers = newRegisters(p);
  for (let level = 0; level < p.levels.length; level++) {
    const failure = runLevel(p, level, bound, registers);
    if (failure) return failure;
  }
  return registers;
}

/** Registers with the constants in place, for `runLevel`. */
export function newRegisters(p: ShapeProgram): Float64Array {
  const registers = new Float64Array(p.registers);
  registers.set(p.constants);
  return registers;
}

/** Whether a run of a program failed. */
export function isFailure(x: Float64Array | GuardFailure | undefined): x is GuardFailure {
  return x !== undefined && !(x instanceof Float64Array);
}

const scratch = new DataView(new ArrayBuffer(4));

function f32OfBits(bits: number): number {
  scratch.setUint32(0, bits >>> 0);
  return scratch.getFloat32(0);
}

/**
 * Binds a level's symbols (`bound` is indexed by symbol; only this level's are read), runs its code and checks its guards.
 * Levels run in order on the same registers.
 */
export function runLevel(p: ShapeProgram, level: number, bound: readonly number[], registers: Float64Array): GuardFailure | undefined {
  const range = p.levels[level]!,
    base = p.constants.length,
    r = registers;
  for (let i = range.symbols[0]; i < range.symbols[1]; i++) {
    const s = p.symbols[i]!;
    let x = bound[i];
    if (s.origin.kind === 'value' && x !== undefined) x = Math.min(Math.max(x, -MAX_VALUE), MAX_VALUE);
    if (x === undefined || !Number.isSafeInteger(x) || x < s.lo || x > s.hi) {
      r[base + i] = x ?? NaN;
      return { kind: 'range', index: i, class: 'error', registers };
    }
    r[base + i] = x;
  }
  const { fields, imm } = decode(p),
    ops = shapeOps;
  for (let i = range.code[0]; i < range.code[1]; i++) {
    const f = i * 5,
      op = fields[f]!,
      a = r[fields[f + 3]!]!,
      b = r[fields[f + 4]!]!,
      m = imm[i]!;
    let x = 0;
    switch (op) {
      case ops.ADD:
        x = a + b;
        break;
      case ops.SUB:
        x = a - b;
        break;
      case ops.MUL:
        x = a * b;
        break;
      case ops.ADDI:
        x = a + m;
        break;
      case ops.MULI:
        x = a * m;
        break;
      case ops.FDIV:
      case ops.MOD:
      case ops.TDIV:
        if (b <= 0) return { kind: 'divisor', index: i, class: 'error', registers };
        x = op === ops.FDIV ? floorDivide(a, b) : op === ops.MOD ? floorModulo(a, b) : a < 0 ? -floorDivide(-a, b) : floorDivide(a, b);
        break;
      case ops.FDIVI:
        x = floorDivide(a, m);
        break;
      case ops.SHR:
        x = floorDivide(a, 2 ** m);
        break;
      case ops.MAX:
        x = a > b ? a : b;
        break;
      case ops.MIN:
        x = a < b ? a : b;
        break;
      case ops.BCAST:
        x = a === 1 ? b : a;
        break;
      case ops.SELGE:
        x = r[m]! >= 0 ? a : b;
        break;
      case ops.SELEQ:
        x = r[m]! === 0 ? a : b;
        break;
      case ops.FSCALE:
        x = scaleNumber(a, f32OfBits(m), roundings[fields[f + 1]! & 3]!);
        break;
      case ops.ALIGN:
        x = -floorDivide(-a, m) * m;
        break;
      case ops.PROD:
        x = a * b;
        if (x > m) return { kind: 'limit', index: i, class: 'error', registers };
        break;
      case ops.GE:
        x = a >= b ? 1 : 0;
        break;
      case ops.EQ:
        x = a === b ? 1 : 0;
        break;
      default:
        continue;
    }
    if (!(x <= MAX_SAFE && x >= -MAX_SAFE)) return { kind: 'overflow', index: i, class: 'error', registers };
    r[fields[f + 2]!] = x + 0;
  }
  for (let i = range.guards[0]; i < range.guards[1]; i++) {
    const g = p.guards[i]!;
    if (r[g.register] !== 1) return { kind: 'guard', index: i, class: g.class, registers };
  }
  return undefined;
}

/** The message of a failure: `"Add.31": input 0 axis 2 is 2*ceil(x.2/32) = 64, … (x.2 = 1000)`. `names` are those of the roots. */
export function failureMessage(p: ShapeProgram, failure: GuardFailure, names: readonly string[] = []): string {
  const { registers, index } = failure,
    base = p.constants.length;
  const given = (symbols: readonly number[]): string => symbols.map((i) => `${p.symbols[i]!.name} = ${registers[base + i]}`).join(', ');
  if (failure.kind === 'range') {
    const s = p.symbols[index]!,
      hi = s.hi === Infinity ? '' : String(s.hi);
    return `${s.name} is ${registers[base + index]}, outside its range ${s.lo}..${hi}`;
  }
  if (failure.kind === 'guard') {
    const g = p.guards[index]!;
    const what = g.what.replace(/\{(\d+)\}/g, (whole, i: string) => {
      const d = g.dims[Number(i)];
      if (!d) return whole;
      return d.text === String(registers[d.register]) ? d.text : `${d.text} = ${registers[d.register]}`;
    });
    return `${g.node === '' ? '' : `"${g.node}": `}${what}${g.symbols.length > 0 ? ` (${given(g.symbols)})` : ''}`;
  }
  const owner = p.owners[index] ?? -1,
    guard = p.guards[owner - p.roots.length];
  const whose = guard ? `a condition of "${guard.node}"` : (names[owner] ?? `size ${owner}`);
  const why = { overflow: 'leaves ±(2^53 − 1)', divisor: 'divides by a number that is not positive', limit: 'has too many elements' }[
    failure.kind
  ];
  return `${whose} ${why} (${given(p.symbols.map((_, i) => i).filter((i) => p.symbols[i]!.level === 0))})`;
}

/** Numbers for the names in symbols' origins, in `assemble`'s bytes. */
export interface SymbolNumbers {
  readonly node?: (name: string) => number;
  readonly variable?: (name: string) => number;
}

const UNNUMBERED = 0xffffffff;

/** The program as bytes, laid out as this file's header says. Names and messages are not part of it. */
export function assemble(p: ShapeProgram, numbers: SymbolNumbers = {}): Uint8Array {
  const records = p.code.length / 16;
  const size =
    32 + p.constants.length * 8 + p.symbols.length * 32 + p.code.length + p.guards.length * 8 + p.levels.length * 24 + p.roots.length * 4;
  const bytes = new Uint8Array(size),
    view = new DataView(bytes.buffer);
  if (p.levels.length > 0xffff) throw new CuveeError('INTERNAL', `a shape program of ${p.levels.length} levels does not fit its format`);
  view.setUint32(0, 0x50485343, true);
  view.setUint16(4, 1, true);
  view.setUint16(6, p.levels.length, true);
  [p.registers, p.constants.length, p.symbols.length, records, p.guards.length, p.roots.length].forEach((x, i) =>
    view.setUint32(8 + 4 * i, x, true),
  );
  let at = 32;
  for (const c of p.constants) {
    putInt64(view, at, c);
    at += 8;
  }
  for (const s of p.symbols) {
    const [kind, a, b, c] = originFields(s.origin, numbers);
    view.setUint8(at, kind);
    view.setUint16(at + 2, s.level, true);
    view.setUint32(at + 4, a, true);
    view.setUint32(at + 8, b, true);
    view.setUint32(at + 12, c, true);
    putInt64(view, at + 16, s.lo);
    putInt64(view, at + 24, s.hi);
    at += 32;
  }
  bytes.set(p.code, at);
  at += p.code.length;
  for (const g of p.guards) {
    view.setUint32(at, g.register, true);
    view.setUint8(at + 4, g.class === 'error' ? 0 : 1);
    view.setUint16(at + 6, g.level, true);
    at += 8;
  }
  for (const l of p.levels)
    for (const x of [...l.symbols, ...l.code, ...l.guards]) {
      view.setUint32(at, x, true);
      at += 4;
    }
  for (const x of p.roots) {
    view.setUint32(at, x, true);
    at += 4;
  }
  return bytes;
}

function originFields(o: BoundSymbol['origin'], { node, variable }: SymbolNumbers): readonly [number, number, number, number] {
  switch (o.kind) {
    case 'input':
      return [0, o.port, o.axis, 0];
    case 'state':
      return [1, variable?.(o.variable) ?? UNNUMBERED, o.axis, 0];
    case 'data':
      return [2, node?.(o.node) ?? UNNUMBERED, o.output, o.axis];
    case 'value':
      return [3, node?.(o.node) ?? UNNUMBERED, o.output, o.element];
  }
}

/** A safe integer, or ±Infinity as the ends of int64. @internal */
export function putInt64(view: DataView, at: number, x: number): void {
  const high = x === Infinity ? 0x7fffffff : x === -Infinity ? -0x80000000 : Math.floor(x / 4294967296);
  const low = x === Infinity ? 0xffffffff : x === -Infinity ? 0 : x - high * 4294967296;
  view.setUint32(at, low, true);
  view.setInt32(at + 4, high, true);
}
