/**
 * The normal form of a symbolic dimension: `c + Σ coef·mono`, a mono being a sorted multiset of atoms.
 *
 * Structure only; table.ts interns it, with bounds and congruence. The algebra that chooses what to build is in dim.ts
 * (sums, products) and atoms.ts (divisions, max, …).
 */
import { CuveeError } from '../errors.js';
import { MAX_SAFE } from './interval.js';
import { SYM } from './kinds.js';
import type { Rounding } from './scale.js';
import type { ExprTable } from './table.js';

/** A size or a shape value: a safe integer, or an expression over symbols. */
export type Dim = number | Expr;
/** An inclusive interval; `hi` may be Infinity (and `lo` −Infinity for shape values). */
export type Range = readonly [lo: number, hi: number];
/** A shape; undefined is dynamic rank. */
export type Shape = readonly Dim[] | undefined;

/** Where a symbol's number comes from. */
export type Origin =
  | { readonly kind: 'input'; readonly port: number; readonly axis: number }
  | { readonly kind: 'state'; readonly variable: string; readonly axis: number }
  | { readonly kind: 'data'; readonly node: string; readonly output: number; readonly axis: number }
  | { readonly kind: 'value'; readonly node: string; readonly output: number; readonly element: number }
  | { readonly kind: 'def'; readonly of: Expr; readonly hint: string };

/** An expression. Compare with `===`. `value ≡ rem (mod mod)` and `lo ≤ value ≤ hi` hold for every admissible binding. */
export class Expr {
  readonly id: number;
  readonly lo: number;
  readonly hi: number;
  readonly mod: number;
  readonly rem: number;
  /** @internal */ readonly table: ExprTable;
  /** @internal the constant term */ readonly c: number;
  /** @internal by ascending id */ readonly monos: readonly Mono[];
  /** @internal */ readonly coefs: readonly number[];
  /** @internal */ readonly depth: number;
  /** @internal the only symbol in it, null if there are several */ readonly sole: Atom | null;
  /** @internal a floor division, max or sel occurs, so that finer bounds may exist */ readonly divides: boolean;
  /** @internal */ readonly hash: number;
  /** @internal */ next: Expr | undefined;
  /** @internal bounds with divisions opened; NaN until asked */ lo2: number;
  /** @internal */ hi2: number;
  /** @internal bounds by enumeration; NaN until asked */ lo3: number;
  /** @internal */ hi3: number;

  constructor(
    table: ExprTable,
    id: number,
    hash: number,
    next: Expr | undefined,
    c: number,
    monos: readonly Mono[],
    coefs: readonly number[],
    lo: number,
    hi: number,
    mod: number,
    rem: number,
    depth: number,
    sole: Atom | null,
    divides: boolean,
  ) {
    this.id = id;
    this.lo = lo;
    this.hi = hi;
    this.mod = mod;
    this.rem = rem;
    this.table = table;
    this.c = c;
    this.monos = monos;
    this.coefs = coefs;
    this.depth = depth;
    this.sole = sole;
    this.divides = divides;
    this.hash = hash;
    this.next = next;
    this.lo2 = NaN;
    this.hi2 = NaN;
    this.lo3 = NaN;
    this.hi3 = NaN;
  }
}

/** A product of atoms, by ascending id, repeated for powers. @internal */
export class Mono {
  readonly id: number;
  readonly atoms: readonly Atom[];
  readonly lo: number;
  readonly hi: number;
  readonly mod: number;
  readonly rem: number;
  readonly depth: number;
  readonly sole: Atom | null;
  readonly divides: boolean;
  readonly hash: number;
  next: Mono | undefined;
  unit: Expr | undefined;

  constructor(
    id: number,
    hash: number,
    next: Mono | undefined,
    atoms: readonly Atom[],
    lo: number,
    hi: number,
    mod: number,
    rem: number,
    depth: number,
    sole: Atom | null,
    divides: boolean,
  ) {
    this.id = id;
    this.atoms = atoms;
    this.lo = lo;
    this.hi = hi;
    this.mod = mod;
    this.rem = rem;
    this.depth = depth;
    this.sole = sole;
    this.divides = divides;
    this.hash = hash;
    this.next = next;
    this.unit = undefined;
  }
}

/**
 * A symbol, or an operation that the polynomial form cannot take apart. @internal
 * args: FDIV, TDIV [dividend, divisor > 0]; MOD [dividend, symbolic divisor > 0]; MAX, BCAST sorted; SEL [then, else]; FSCALE [size].
 */
export class Atom {
  readonly id: number;
  readonly kind: number;
  readonly args: readonly Dim[];
  readonly pred: Pred | undefined;
  readonly scale: number;
  readonly rounding: Rounding;
  lo: number;
  hi: number;
  mod: number;
  rem: number;
  readonly depth: number;
  sole: Atom | null;
  readonly hash: number;
  next: Atom | undefined;
  mono!: Mono;
  /** Symbols only. */
  origin: Origin | undefined;
  name: string;
  /** Scratch of one evaluation. */
  stamp: number;
  value: number;

  constructor(
    id: number,
    hash: number,
    next: Atom | undefined,
    kind: number,
    args: readonly Dim[],
    pred: Pred | undefined,
    scale: number,
    rounding: Rounding,
    depth: number,
  ) {
    this.id = id;
    this.kind = kind;
    this.args = args;
    this.pred = pred;
    this.scale = scale;
    this.rounding = rounding;
    this.lo = -Infinity;
    this.hi = Infinity;
    this.mod = 1;
    this.rem = 0;
    this.depth = depth;
    this.sole = null;
    this.hash = hash;
    this.next = next;
    this.origin = undefined;
    this.name = '';
    this.stamp = 0;
    this.value = 0;
  }
}

/** An undecided condition: `e ≥ 0` (GE), `e = 0` (EQ), `e ≠ 0` (NE), or OR/AND of such. Interned; compare with `===`. */
export class Pred {
  readonly id: number;
  /** @internal */ readonly kind: number;
  /** @internal */ readonly e: Expr | undefined;
  /** @internal */ readonly parts: readonly Pred[];
  constructor(id: number, kind: number, e: Expr | undefined, parts: readonly Pred[]) {
    this.id = id;
    this.kind = kind;
    this.e = e;
    this.parts = parts;
  }
}

/** Whether a dimension, an element or anything else is an expression. */
export function isExpr(x: unknown): x is Expr {
  return x instanceof Expr;
}

/** Whether `e` is exactly one symbol. */
export function isSymbol(e: Dim): boolean {
  return typeof e !== 'number' && e.c === 0 && e.monos.length === 1 && e.coefs[0] === 1 && soleAtom(e.monos[0]!)?.kind === SYM;
}

/** The atom of a mono of degree 1. @internal */
export function soleAtom(m: Mono): Atom | undefined {
  return m.atoms.length === 1 ? m.atoms[0] : undefined;
}

/** Numbers first, ascending; then expressions by id. @internal */
export function sortDims(dims: readonly Dim[]): Dim[] {
  return dims
    .slice()
    .sort((a, b) => (typeof a === 'number' ? (typeof b === 'number' ? a - b : -1) : typeof b === 'number' ? 1 : a.id - b.id));
}

/** Throws for arithmetic that leaves the safe integers on plain numbers. @internal */
export function checked(x: number): number {
  if (x <= MAX_SAFE && x >= -MAX_SAFE) return x + 0;
  throw new CuveeError('MODEL_INVALID', `shape arithmetic gives ${x}, beyond ±(2^53 − 1)`);
}
