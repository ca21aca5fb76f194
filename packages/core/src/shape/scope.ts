/**
 * What is known while shapes are inferred: the symbols, the conditions that a run has to check (guards), and what may be
 * taken for granted after them (assumptions).
 *
 * An assumption is applied forward only: `resolve` rewrites a dimension by it. A driver that sees `assumptions` grow during
 * a sweep runs one more, with the facts of the model's inputs resolved. Reported input shapes stay as they were set.
 */
import { CuveeError } from '../errors.js';
import { floorDiv, mod } from './atoms.js';
import { bounds } from './bounds.js';
import { mul, sub } from './dim.js';
import { decide } from './decide.js';
import { isSymbol, soleAtom, type Atom, type Dim, type Expr, type Origin, type Pred, type Range } from './expr.js';
import { EQ, GE, SYM } from './kinds.js';
import { floorDivide } from './interval.js';
import { isEqual, type Condition } from './predicate.js';
import { Substitution } from './substitute.js';
import { print } from './text.js';
import { ExprTable } from './table.js';

/** A condition that a run checks once for each set of sizes. */
export interface Guard {
  /** error: the model refuses such sizes. assume: a compiled variant does not serve them, the general one does. */
  readonly class: 'error' | 'assume';
  readonly predicate: Pred;
  /** Name of the node that asks for it. */
  readonly node: string;
  /** Message; `{0}`, `{1}` … stand for `dims`, printed as text and value. */
  readonly what: string;
  readonly dims: readonly Dim[];
}

/** A guard that always fails. */
export type Refusal = Pick<Guard, 'node' | 'what' | 'dims'>;

/** Symbols, guards and assumptions of one model, or of one branch or body of it. */
export class ShapeScope {
  /** @internal */ readonly table: ExprTable;
  readonly parent: ShapeScope | undefined;
  private readonly list: Guard[] = [];
  private readonly refused: Refusal[] = [];
  private readonly seen = new Set<Pred>();
  private readonly symbols: Map<Atom, Dim>;
  private readonly whole: Map<Expr, Dim>;
  private readonly refined: Map<Expr, Range>;
  private substitution: Substitution | undefined;
  private assumed = 0;

  constructor(parent?: ShapeScope) {
    this.parent = parent;
    this.table = parent ? parent.table : new ExprTable();
    this.symbols = new Map(parent?.symbols);
    this.whole = new Map(parent?.whole);
    this.refined = new Map(parent?.refined);
  }

  /** The symbol of an origin: the same for an equal origin. Default range 0..∞. */
  symbol(origin: Origin, range: Range = [0, Infinity], name?: string): Expr {
    return this.table.symbol(origin, range, name);
  }

  /** A symbol for `e`: proofs stop at it, the program computes it. `range` narrows what is known of it. A number stands for itself. */
  define(e: Dim, hint: string, range?: Range): Dim {
    return typeof e === 'number' ? e : this.table.define(e, hint, range);
  }

  /** A scope for a branch or body: same symbols; guards and assumptions of its own on top of these. */
  child(): ShapeScope {
    return new ShapeScope(this);
  }

  /** The same scope once more: the same symbols, guards and assumptions, to which either can add without the other. */
  fork(): ShapeScope {
    const copy = new ShapeScope(this);
    (copy as { parent: ShapeScope | undefined }).parent = this.parent;
    copy.list.push(...this.list);
    copy.refused.push(...this.refused);
    for (const p of this.seen) copy.seen.add(p);
    copy.assumed = this.assumed;
    return copy;
  }

  /** In the order they were asked for. */
  get guards(): readonly Guard[] {
    return this.list;
  }

  /** How many assumptions have been made; grows during a sweep that would profit from another. */
  get assumptions(): number {
    return this.assumed;
  }

  /** Adds a guard, once for each condition. */
  guard(guard: Guard): void {
    if (this.seen.has(guard.predicate)) return;
    for (let s = this.parent; s; s = s.parent) if (s.seen.has(guard.predicate)) return;
    this.seen.add(guard.predicate);
    this.list.push(guard);
  }

  /** Records a condition that no admissible size meets: shapes are still inferred, compiling has to refuse. */
  impossible(refusal: Refusal): void {
    this.refused.push(refusal);
  }

  /** Conditions that no admissible size meets. */
  get refusals(): readonly Refusal[] {
    return this.refused;
  }

  /** The dimension rewritten by the assumptions. */
  resolve(d: Dim): Dim {
    return typeof d === 'number' || !this.rewrites() ? d : this.rewriting().apply(d);
  }

  private rewrites(): boolean {
    return this.symbols.size > 0 || this.whole.size > 0;
  }

  private rewriting(): Substitution {
    return (this.substitution ??= new Substitution(this.table, this.symbols, this.whole));
  }

  /** The condition rewritten by the assumptions. */
  resolveCondition(p: Condition): Condition {
    return typeof p === 'boolean' || !this.rewrites() ? p : this.rewriting().pred(p);
  }

  /** Bounds at the highest effort, with what guards and assumptions add to them. */
  bounds(d: Dim): Range {
    if (typeof d === 'number') return [d, d];
    const own = this.refinedBounds(d),
      e = this.resolve(d);
    if (e === d) return own;
    const other: Range = typeof e === 'number' ? [e, e] : this.refinedBounds(e);
    const lo = Math.max(own[0], other[0]),
      hi = Math.min(own[1], other[1]);
    return lo <= hi ? [lo, hi] : other;
  }

  private refinedBounds(e: Expr): Range {
    let [lo, hi] = bounds(e, 3);
    const own = this.refined.get(e);
    if (own) [lo, hi] = [Math.max(lo, own[0]), Math.min(hi, own[1])];
    // A multiple of something refined, plus a number: two halves of a reshaped tensor, a padded one.
    for (const [r, range] of this.refined) {
      if (r === e || !areProportional(e, r)) continue;
      const ends = range.map((x) => (e.coefs[0]! * (x - r.c)) / r.coefs[0]! + e.c);
      [lo, hi] = [Math.max(lo, Math.ceil(Math.min(...ends))), Math.min(hi, Math.floor(Math.max(...ends)))];
    }
    return [lo, hi];
  }

  /** Records that a guard keeps `d` within a range, for reports. */
  refine(d: Dim, range: Range): void {
    if (typeof d === 'number') return;
    const [lo, hi] = this.bounds(d);
    const narrowed: Range = [Math.max(lo, range[0]), Math.min(hi, range[1])];
    if (narrowed[0] <= narrowed[1]) this.refined.set(d, narrowed);
  }

  /** Takes a condition for granted from here on; the caller has added its guard. */
  assume(p: Pred): void {
    if (p.kind === EQ) this.assumeZero(p.e!);
    else if (p.kind === GE) this.assumeNonNegative(p.e!);
  }

  /** Replaces one symbol of a linear equation, or the whole of the more complex side. */
  private assumeZero(e: Expr): void {
    const at = eliminable(e);
    if (at < 0) {
      // ±x + c = 0 for one operation x.
      const k = e.coefs[0]!,
        unit = this.table.unit(e.monos[0]!);
      if (e.monos.length === 1 && e.c % k === 0 && soleAtom(e.monos[0]!)?.kind !== SYM) this.replaceWhole(unit, -e.c / k + 0);
      return;
    }
    const s = soleAtom(e.monos[at]!)!,
      unit = this.table.atomExpr(s);
    const value = e.coefs[at] === 1 ? sub(unit, e) : sub(e, sub(0, unit));
    this.replace(s, value);
  }

  private replace(s: Atom, value: Dim): void {
    let target = value;
    if (typeof value !== 'number' && isSymbol(value)) {
      const t = value.monos[0]!.atoms[0]!;
      if (s.lo > t.lo || s.hi < t.hi) {
        target = this.table.narrow(t, [s.lo, s.hi]);
        this.substitute(t, target);
      }
    }
    this.substitute(s, target);
  }

  private substitute(s: Atom, value: Dim): void {
    const one = new Substitution(this.table, new Map([[s, value]]), new Map());
    for (const [key, d] of this.symbols) this.symbols.set(key, one.apply(d));
    for (const [key, d] of this.whole) this.whole.set(key, one.apply(d));
    this.symbols.set(s, value);
    this.substitution = undefined;
    this.assumed++;
  }

  /** a + k·s ≥ 0 narrows the symbol. */
  private assumeNonNegative(e: Expr): void {
    const s = e.monos.length === 1 ? soleAtom(e.monos[0]!) : undefined;
    if (s?.kind !== SYM) return;
    const k = e.coefs[0]!;
    const range: Range = k > 0 ? [-floorDivide(e.c, k), Infinity] : [-Infinity, floorDivide(e.c, -k)];
    if (Math.max(s.lo, range[0]) > Math.min(s.hi, range[1]) || (range[0] <= s.lo && range[1] >= s.hi)) return;
    this.substitute(s, this.table.narrow(s, range));
  }

  /** Takes a symbol for a multiple of k ≥ 2, as a caller promises: from here on it is k·q. Adds the guard. */
  assumeMultiple(symbol: Expr, k: number, node = ''): void {
    const s = symbol.monos[0]!.atoms[0]!,
      rest = mod(symbol, k),
      p = isEqual(rest, 0);
    if (!isSymbol(symbol) || typeof p === 'boolean') return;
    this.guard({ class: 'error', predicate: p, node, what: `{0} has to be a multiple of ${k}`, dims: [symbol] });
    const q = floorDiv(symbol, k);
    if (typeof q !== 'number') this.substitute(s, mul(this.table.define(q, `${s.name}_`), k));
  }

  /** Takes two dimensions for equal; the simpler stands for both. */
  assumeEqual(a: Dim, b: Dim): void {
    const p = isEqual(a, b);
    if (typeof p === 'boolean') return;
    if (eliminable(p.e!) >= 0) return this.assumeZero(p.e!);
    const keep = simpler(a, b),
      other = keep === a ? b : a;
    if (typeof other !== 'number') this.replaceWhole(other, keep);
  }

  private replaceWhole(e: Expr, value: Dim): void {
    this.whole.set(e, value);
    this.substitution = undefined;
    this.assumed++;
  }
}

/** The position of a term ±s whose symbol s occurs nowhere else in e; the youngest, inputs last defined first. */
function eliminable(e: Expr): number {
  let best = -1;
  for (let i = 0; i < e.monos.length; i++) {
    const s = soleAtom(e.monos[i]!);
    if (s?.kind !== SYM || (e.coefs[i] !== 1 && e.coefs[i] !== -1)) continue;
    let elsewhere = false;
    for (let j = 0; j < e.monos.length; j++) if (j !== i && e.monos[j]!.atoms.some((a) => occurs(s, a))) elsewhere = true;
    if (!elsewhere) best = i;
  }
  return best;
}

function occurs(s: Atom, a: Atom): boolean {
  if (a === s) return true;
  if (a.kind === SYM) return a.origin?.kind === 'def' && inDim(s, a.origin.of);
  return a.args.some((x) => inDim(s, x)) || (a.pred !== undefined && inPred(s, a.pred));
}

function inDim(s: Atom, d: Dim): boolean {
  return typeof d !== 'number' && d.monos.some((m) => m.atoms.some((a) => occurs(s, a)));
}

function inPred(s: Atom, p: Pred): boolean {
  return (p.e !== undefined && inDim(s, p.e)) || p.parts.some((q) => inPred(s, q));
}

/** Number before symbol before fewer terms before older. */
export function simpler(a: Dim, b: Dim): Dim {
  if (typeof a === 'number') return a;
  if (typeof b === 'number') return b;
  const rank = (e: Expr): number => (isSymbol(e) ? 0 : e.monos.length + (e.c === 0 ? 0 : 1) + e.depth);
  const ra = rank(a),
    rb = rank(b);
  return ra !== rb ? (ra < rb ? a : b) : a.id <= b.id ? a : b;
}

/** What the shape functions need of their caller: a scope, the node's name, and how to fail. */
export interface ShapeContext {
  readonly scope: ShapeScope;
  /** The node whose shapes are being inferred; guards carry it. */
  readonly node?: string | { readonly name: string };
  /** Throws SHAPE_MISMATCH with the node's name put before the message. */
  fail(message: string): never;
}

/** The name that guards carry. @internal */
export function nodeName(ctx: ShapeContext): string {
  return typeof ctx.node === 'object' ? ctx.node.name : (ctx.node ?? '');
}

/** A scope for a model, with symbols of its own. */
export function createScope(): ShapeScope {
  return new ShapeScope();
}

/** A context that throws CuveeError SHAPE_MISMATCH for a node. */
export function shapeContext(scope: ShapeScope, node = '', op?: string): ShapeContext {
  return {
    scope,
    node,
    fail(message: string): never {
      throw new CuveeError('SHAPE_MISMATCH', node ? `${op ? `${op} ` : ''}"${node}": ${message}` : message, { op, node });
    },
  };
}

/** Two dimensions have to be equal: the simpler, an error where they cannot be, a guard where it is open. `what` names them: "input channels". */
export function requireEqual(ctx: ShapeContext, what: string, a: Dim, b: Dim): Dim {
  if (a === b) return a;
  if (typeof a === 'number' && typeof b === 'number') ctx.fail(`${what} differ: ${a} against ${b}`);
  const { scope } = ctx;
  const x = scope.resolve(a),
    y = scope.resolve(b);
  const known = decide.equal(x, y);
  if (known === false) ctx.fail(`${what} differ: ${describe(x)} against ${describe(y)}`);
  if (known === true) return simpler(x, y);
  const p = isEqual(x, y);
  if (p === false) ctx.fail(`${what} differ: ${describe(x)} against ${describe(y)}`);
  if (p === true) return simpler(x, y);
  scope.guard({ class: 'error', predicate: p, node: nodeName(ctx), what: `${what} differ: {0} against {1}`, dims: [x, y] });
  const [xlo, xhi] = scope.bounds(x),
    [ylo, yhi] = scope.bounds(y);
  scope.assumeEqual(x, y);
  const result = scope.resolve(simpler(x, y));
  const [lo, hi] = scope.bounds(result);
  const meet: Range = [Math.max(xlo, ylo), Math.min(xhi, yhi)];
  if (typeof result !== 'number' && (lo < meet[0] || hi > meet[1])) scope.refine(result, meet);
  return result;
}

/** Whether the symbolic part of one is a multiple of the other's. */
function areProportional(e: Expr, r: Expr): boolean {
  return (
    e.monos.length === r.monos.length &&
    e.monos.every((m, i) => m === r.monos[i] && e.coefs[i]! * r.coefs[0]! === r.coefs[i]! * e.coefs[0]!)
  );
}

/** A condition has to hold: an error where it cannot, a guard and an assumption where it is open. */
export function requireTrue(ctx: ShapeContext, what: string, p: Condition, dims: readonly Dim[] = []): void {
  const q = ctx.scope.resolveCondition(p);
  if (q === true) return;
  if (q === false) ctx.fail(dims.reduce<string>((text, d, i) => text.replace(`{${i}}`, describe(d)), what));
  ctx.scope.guard({ class: 'error', predicate: q, node: nodeName(ctx), what, dims });
  ctx.scope.assume(q);
}

/** A dimension known only when the node has run. */
export function fresh(ctx: ShapeContext, output: number, axis: number, range: Range = [0, Infinity]): Expr {
  return ctx.scope.symbol({ kind: 'data', node: nodeName(ctx), output, axis }, range);
}

/** A dimension with its bounds, as messages show it. */
export function describe(d: Dim): string {
  if (typeof d === 'number') return String(d);
  const [lo, hi] = bounds(d, 3),
    text = print(d);
  return hi === Infinity ? text : `${text} (${lo}..${hi})`;
}
