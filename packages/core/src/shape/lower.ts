/** Dimensions and guards → a shape program: common parts computed once, sorted by level. */
import type { Atom, Dim, Expr, Mono, Origin, Pred } from './expr.js';
import { bounds } from './bounds.js';
import { sub } from './dim.js';
import { AND, BCAST, EQ, FDIV, FSCALE, GE, MAX, MOD, NE, SEL, SYM, TDIV } from './kinds.js';
import { isNonNegative } from './predicate.js';
import {
  putInt64,
  roundings,
  shapeOps as O,
  type BoundSymbol,
  type ProgramGuard,
  type ProgramLevel,
  type ShapeProgram,
} from './program.js';
import { isDyadic } from './scale.js';
import type { Guard } from './scope.js';
import { print } from './text.js';

export interface LowerOptions {
  /**
   * The level of a symbol that is no input's: 1 + the rank of the step that binds it. Default 1, and 0 for a state, which may be the
   * caller's or, with an initial value, a step's.
   */
  readonly levelOf?: (symbol: Expr) => number;
  /** Adds an error guard for each root that is not proved ≥ 0. */
  readonly nonNegative?: boolean;
  /** Names of the roots, for the messages of those guards. */
  readonly names?: readonly string[];
}

/** A value in the making: `r = op(a, b, imm)`; operands are indices of such values. Constants and symbols have op 0. */
interface Step {
  op: number;
  flags: number;
  a: number;
  b: number;
  imm: number;
  level: number;
  owner: number;
  constant?: number;
  symbol?: Atom;
  risky?: boolean;
}

/** The program that computes `roots` and checks `guards`. Equal subexpressions share a register. */
export function lowerShapes(roots: readonly Dim[], guards: readonly Guard[], options: LowerOptions = {}): ShapeProgram {
  return new Lowering(options).program(roots, guards);
}

/** Registers of expressions whose divisions may assume a condition (the taken branch of a selection). */
class Context {
  readonly exprs = new Map<Expr, number>();
  readonly atoms = new Map<Atom, number>();
  readonly monos = new Map<Mono, number>();
  /** Index of a 0/1 step under which the values are wanted; undefined: always. */
  readonly under: number | undefined;
  constructor(under?: number) {
    this.under = under;
  }
}

class Lowering {
  private readonly steps: Step[] = [];
  private readonly byKey = new Map<string, number>();
  private readonly constants = new Map<number, number>();
  private readonly symbols = new Map<Atom, number>();
  private readonly risky = new Map<Atom, boolean>();
  private readonly conditions = new Map<Pred, number>();
  private readonly contexts = new Map<number, Context>();
  private readonly options: LowerOptions;
  private owner = 0;

  constructor(options: LowerOptions) {
    this.options = options;
  }

  program(roots: readonly Dim[], guards: readonly Guard[]): ShapeProgram {
    const top = new Context();
    const all = this.options.nonNegative ? [...guards, ...this.signGuards(roots)] : guards;
    const rootSteps = roots.map((d, i) => {
      this.owner = i;
      return this.dim(d, top);
    });
    const guardSteps = all.map((g, i) => {
      this.owner = roots.length + i;
      return { g, step: this.condition(g.predicate, top), dims: g.dims.map((d) => ({ text: print(d), step: this.dim(d, top) })) };
    });
    return this.layOut(rootSteps, guardSteps);
  }

  private signGuards(roots: readonly Dim[]): Guard[] {
    const out: Guard[] = [],
      seen = new Set<Pred>();
    roots.forEach((d, i) => {
      const p = isNonNegative(d);
      if (typeof p === 'boolean' || seen.has(p)) return;
      seen.add(p);
      out.push({ class: 'error', predicate: p, node: this.options.names?.[i] ?? '', what: 'a size is {0}, below 0', dims: [d] });
    });
    return out;
  }

  private emit(op: number, a: number, b = a, imm = 0, flags = 0, extra = a): number {
    const key = `${op},${flags},${a},${b},${imm}`;
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    const level = Math.max(this.steps[a]!.level, this.steps[b]!.level, this.steps[extra]!.level);
    this.steps.push({ op, flags, a, b, imm, level, owner: this.owner });
    this.byKey.set(key, this.steps.length - 1);
    return this.steps.length - 1;
  }

  private constant(x: number): number {
    let at = this.constants.get(x);
    if (at === undefined) {
      this.steps.push({ op: 0, flags: 0, a: 0, b: 0, imm: 0, level: 0, owner: this.owner, constant: x });
      this.constants.set(x, (at = this.steps.length - 1));
    }
    return at;
  }

  private symbol(s: Atom): number {
    let at = this.symbols.get(s);
    if (at === undefined) {
      const { kind } = s.origin!;
      const level = kind === 'input' ? 0 : (this.options.levelOf?.(s.mono.unit!) ?? (kind === 'state' ? 0 : 1));
      this.steps.push({ op: 0, flags: 0, a: 0, b: 0, imm: 0, level, owner: this.owner, symbol: s });
      this.symbols.set(s, (at = this.steps.length - 1));
    }
    return at;
  }

  private dim(d: Dim, ctx: Context): number {
    if (typeof d === 'number') return this.constant(d);
    let at = ctx.exprs.get(d);
    if (at === undefined) ctx.exprs.set(d, (at = this.sum(d, ctx)));
    return at;
  }

  private sum(e: Expr, ctx: Context): number {
    let total: number | undefined;
    const order = e.monos.map((_, i) => i).sort((i, j) => Math.sign(e.coefs[j]!) - Math.sign(e.coefs[i]!) || i - j);
    for (const i of order) {
      const m = e.monos[i]!,
        k = e.coefs[i]!,
        least = k < 0 ? this.minimum(m, ctx) : undefined;
      const x = least ?? this.mono(m, ctx),
        c = least === undefined ? k : -k;
      if (c === -1 && total !== undefined) {
        total = this.emit(O.SUB, total, x);
        continue;
      }
      const term = c === 1 ? x : this.emit(O.MULI, x, x, c);
      total = total === undefined ? term : this.emit(O.ADD, total, term);
    }
    return e.c === 0 ? total! : this.emit(O.ADDI, total!, total!, e.c);
  }

  /** −max(−a, −b) as min(a, b). */
  private minimum(m: Mono, ctx: Context): number | undefined {
    const a = m.atoms[0]!;
    if (m.atoms.length !== 1 || a.kind !== MAX || a.args.some((x) => typeof x !== 'number' && x.coefs[0]! > 0)) return undefined;
    return a.args.map((x) => this.dim(sub(0, x), ctx)).reduce((x, y) => this.emit(O.MIN, x, y));
  }

  private mono(m: Mono, ctx: Context): number {
    let at = ctx.monos.get(m);
    if (at === undefined) {
      at = m.atoms.map((a) => this.atom(a, ctx)).reduce((x, y) => this.emit(O.MUL, x, y));
      ctx.monos.set(m, at);
    }
    return at;
  }

  private atom(a: Atom, ctx: Context): number {
    let at = ctx.atoms.get(a);
    if (at === undefined) ctx.atoms.set(a, (at = this.compute(a, ctx)));
    return at;
  }

  private compute(a: Atom, ctx: Context): number {
    if (a.kind === SYM) return a.origin!.kind === 'def' ? this.dim(a.origin!.of, ctx) : this.symbol(a);
    if (a.kind === SEL) return this.selection(a, ctx);
    const [x, y] = a.args as [Dim, Dim];
    const first = this.dim(x, ctx);
    if (a.kind === MAX) return a.args.slice(1).reduce<number>((t, d) => this.emit(O.MAX, t, this.dim(d, ctx)), first);
    if (a.kind === BCAST) return a.args.slice(1).reduce<number>((t, d) => this.emit(O.BCAST, t, this.dim(d, ctx)), first);
    if (a.kind === FSCALE)
      return this.emit(O.FSCALE, first, first, bitsOf(a.scale), roundings.indexOf(a.rounding) + (isDyadic(a.scale) ? 4 : 0));
    if (a.kind === FDIV && typeof y === 'number') {
      const shift = Math.log2(y);
      return Number.isInteger(shift) ? this.emit(O.SHR, first, first, shift) : this.emit(O.FDIVI, first, first, y);
    }
    let divisor = this.dim(y, ctx);
    // Where the quotient is not wanted, the divisor is 1 instead of whatever the branch not taken would have.
    if (ctx.under !== undefined && bounds(y)[0] < 1) divisor = this.emit(O.SELEQ, this.constant(1), divisor, ctx.under, 0, ctx.under);
    return this.emit(a.kind === FDIV ? O.FDIV : a.kind === MOD ? O.MOD : O.TDIV, first, divisor);
  }

  private selection(a: Atom, ctx: Context): number {
    const p = a.pred!,
      [x, y] = a.args as [Dim, Dim];
    if (this.mayStop(a)) {
      const holds = this.condition(p, ctx),
        fails = this.emit(O.EQ, holds, this.constant(0));
      const then = this.dim(x, this.under(holds, ctx)),
        other = this.dim(y, this.under(fails, ctx));
      return this.emit(O.SELEQ, other, then, holds, 0, holds);
    }
    const then = this.dim(x, ctx),
      other = this.dim(y, ctx);
    if (p.kind === GE || p.kind === EQ) {
      const e = this.dim(p.e!, ctx);
      return this.emit(p.kind === GE ? O.SELGE : O.SELEQ, then, other, e, 0, e);
    }
    const holds = this.condition(p, ctx);
    return this.emit(O.SELEQ, other, then, holds, 0, holds);
  }

  /** The context of a branch that is wanted where the step `holds` and the context around it do. */
  private under(holds: number, ctx: Context): Context {
    const both = ctx.under === undefined ? holds : this.emit(O.MIN, ctx.under, holds);
    let inner = this.contexts.get(both);
    if (!inner) this.contexts.set(both, (inner = new Context(both)));
    return inner;
  }

  /** Whether something inside divides by what is not proved positive. */
  private mayStop(a: Atom): boolean {
    let known = this.risky.get(a);
    if (known !== undefined) return known;
    const inside = (d: Dim): boolean => typeof d !== 'number' && d.monos.some((m) => m.atoms.some((b) => this.mayStop(b)));
    const divisor = a.args[1];
    known = (a.kind === FDIV || a.kind === MOD || a.kind === TDIV) && bounds(divisor!)[0] < 1;
    known ||= a.args.some(inside) || (a.origin?.kind === 'def' && inside(a.origin.of));
    this.risky.set(a, known);
    return known;
  }

  /** The 0/1 step of a condition. */
  private condition(p: Pred, ctx: Context): number {
    const memo = ctx.under === undefined;
    const known = memo ? this.conditions.get(p) : undefined;
    if (known !== undefined) return known;
    let at: number;
    if (p.e) {
      const e = this.dim(p.e, ctx),
        zero = this.constant(0);
      at = p.kind === GE ? this.emit(O.GE, e, zero) : this.emit(O.EQ, e, zero);
      if (p.kind === NE) at = this.emit(O.EQ, at, zero);
    } else at = p.parts.map((q) => this.condition(q, ctx)).reduce((x, y) => this.emit(p.kind === AND ? O.MIN : O.MAX, x, y));
    if (memo) this.conditions.set(p, at);
    return at;
  }

  private symbolsUnder(step: number, into: Set<number>, seen: Set<number>): void {
    if (seen.has(step)) return;
    seen.add(step);
    const s = this.steps[step]!;
    if (s.symbol) into.add(step);
    if (s.op === 0) return;
    this.symbolsUnder(s.a, into, seen);
    this.symbolsUnder(s.b, into, seen);
    if (s.op === O.SELGE || s.op === O.SELEQ) this.symbolsUnder(s.imm, into, seen);
  }

  private layOut(
    rootSteps: readonly number[],
    guardSteps: readonly { g: Guard; step: number; dims: readonly { text: string; step: number }[] }[],
  ): ShapeProgram {
    const { steps } = this;
    const register = new Array<number>(steps.length).fill(0);
    let next = 0;
    const constants = [...this.constants].map(([x, at]) => {
      register[at] = next++;
      return x;
    });
    const byLevel = (x: number, y: number): number => steps[x]!.level - steps[y]!.level || x - y;
    const symbolSteps = [...this.symbols.values()].sort(byLevel);
    const symbols = symbolSteps.map((at): BoundSymbol => {
      const s = steps[at]!.symbol!;
      register[at] = next++;
      return { origin: s.origin as Exclude<Origin, { kind: 'def' }>, name: s.name, lo: s.lo, hi: s.hi, level: steps[at]!.level };
    });
    const order = steps
      .map((_, i) => i)
      .filter((i) => steps[i]!.op !== 0)
      .sort(byLevel);
    for (const i of order) register[i] = next++;
    const guards = guardSteps.map(({ g, step, dims }): ProgramGuard => {
      const under = new Set<number>(),
        seen = new Set<number>();
      for (const d of dims) this.symbolsUnder(d.step, under, seen);
      this.symbolsUnder(step, under, seen);
      const level = Math.max(steps[step]!.level, ...dims.map((d) => steps[d.step]!.level));
      return {
        class: g.class,
        register: register[step]!,
        level,
        node: g.node,
        what: g.what,
        dims: dims.map((d) => ({ text: d.text, register: register[d.step]! })),
        symbols: [...under].map((at) => register[at]! - constants.length).sort((x, y) => x - y),
      };
    });
    const guardOrder = guards.map((_, i) => i).sort((x, y) => guards[x]!.level - guards[y]!.level || x - y);
    const guardAt = new Map(guardOrder.map((from, to) => [from, to]));
    const { code, owners, ends } = this.encode(order, register);
    const top = Math.max(0, ...symbols.map((s) => s.level));
    const levels: ProgramLevel[] = [];
    const sorted = guardOrder.map((i) => guards[i]!);
    for (let l = 0; l <= top; l++) {
      const before = levels[l - 1];
      levels.push({
        symbols: [before?.symbols[1] ?? 0, symbols.filter((s) => s.level <= l).length],
        code: [before?.code[1] ?? 0, ends(l)],
        guards: [before?.guards[1] ?? 0, sorted.filter((g) => g.level <= l).length],
      });
    }
    const named = owners.map((o) => (o < rootSteps.length ? o : rootSteps.length + guardAt.get(o - rootSteps.length)!));
    return { registers: next, constants, symbols, code, guards: sorted, levels, roots: rootSteps.map((s) => register[s]!), owners: named };
  }

  private encode(
    order: readonly number[],
    register: readonly number[],
  ): { code: Uint8Array; owners: number[]; ends: (level: number) => number } {
    const wide = (s: Step, i: number): boolean => register[i]! > 0xffff || register[s.a]! > 0xffff || register[s.b]! > 0xffff;
    const records = order.reduce((n, i) => n + (wide(this.steps[i]!, i) ? 2 : 1), 0);
    const code = new Uint8Array(records * 16),
      view = new DataView(code.buffer),
      owners: number[] = [],
      levels: number[] = [];
    const put = (op: number, flags: number, registers: readonly number[], imm: number, s: Step): void => {
      const at = owners.length * 16;
      view.setUint8(at, op);
      view.setUint8(at + 1, flags);
      registers.forEach((r, k) => view.setUint16(at + 2 + 2 * k, r, true));
      putInt64(view, at + 8, imm);
      owners.push(s.owner);
      levels.push(s.level);
    };
    for (const i of order) {
      const s = this.steps[i]!,
        rs = [register[i]!, register[s.a]!, register[s.b]!];
      if (wide(s, i))
        put(
          O.WIDE,
          0,
          rs.map((r) => r >>> 16),
          0,
          s,
        );
      const chosen = s.op === O.SELGE || s.op === O.SELEQ;
      put(
        s.op,
        s.flags,
        rs.map((r) => r & 0xffff),
        chosen ? register[s.imm]! : s.imm,
        s,
      );
    }
    return { code, owners, ends: (level) => levels.filter((l) => l <= level).length };
  }
}

function bitsOf(scale: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, scale);
  return view.getUint32(0);
}
