/** Rebuilds an expression with symbols replaced, through the ordinary constructors. */
import type { Atom, Dim, Expr, Mono, Pred } from './expr.js';
import { add, mul } from './dim.js';
import { bcast, floorDiv, max, mod, scaled, select, truncDiv } from './atoms.js';
import { BCAST, EQ, FDIV, FSCALE, GE, MAX, MOD, OR, SEL, SYM } from './kinds.js';
import { allOf, anyOf, isEqual, isNonNegative, not, type Condition } from './predicate.js';
import type { ExprTable } from './table.js';

/** One substitution: which symbols are replaced, with the results remembered. @internal */
export class Substitution {
  private readonly table: ExprTable;
  private readonly symbols: ReadonlyMap<Atom, Dim>;
  private readonly whole: ReadonlyMap<Expr, Dim>;
  private readonly atoms = new Map<Atom, Dim>();
  private readonly exprs = new Map<Expr, Dim>();

  /** `symbols` are replaced wherever they occur; `whole` expressions where they are the whole dimension. */
  constructor(table: ExprTable, symbols: ReadonlyMap<Atom, Dim>, whole: ReadonlyMap<Expr, Dim>) {
    this.table = table;
    this.symbols = symbols;
    this.whole = whole;
  }

  /** The dimension after replacement; the same object where nothing in it is replaced. */
  apply(d: Dim): Dim {
    if (typeof d === 'number') return d;
    const known = this.exprs.get(d);
    if (known !== undefined) return known;
    let result = this.whole.get(d);
    if (result === undefined) {
      result = this.rebuild(d);
      if (typeof result !== 'number') result = this.whole.get(result) ?? result;
    }
    this.exprs.set(d, result);
    return result;
  }

  private rebuild(e: Expr): Dim {
    let changed = false;
    for (const m of e.monos) for (const a of m.atoms) changed = this.atom(a) !== e.table.atomExpr(a) || changed;
    if (!changed) return e;
    let total: Dim = e.c;
    for (let i = 0; i < e.monos.length; i++) total = add(total, mul(this.mono(e.monos[i]!), e.coefs[i]!));
    return total;
  }

  private mono(m: Mono): Dim {
    let p: Dim = 1;
    for (const a of m.atoms) p = mul(p, this.atom(a));
    return p;
  }

  private atom(a: Atom): Dim {
    let result = this.atoms.get(a);
    if (result === undefined) this.atoms.set(a, (result = this.rebuildAtom(a)));
    return result;
  }

  private rebuildAtom(a: Atom): Dim {
    const self = this.table.atomExpr(a);
    if (a.kind === SYM) return this.symbols.get(a) ?? self;
    const args = a.args.map((x) => this.apply(x));
    const pred = a.pred && this.pred(a.pred);
    if (args.every((x, i) => x === a.args[i]) && pred === a.pred) return self;
    const [x, y] = args as [Dim, Dim];
    switch (a.kind) {
      case FDIV:
        return floorDiv(x, y);
      case MOD:
        return mod(x, y);
      case MAX:
        return max(x, ...args.slice(1));
      case BCAST:
        return bcast(...args);
      case SEL:
        return select(pred!, x, y);
      case FSCALE:
        return scaled(x, a.scale, a.rounding);
      default:
        return truncDiv(x, y);
    }
  }

  /** The condition after replacement. */
  pred(p: Pred): Condition {
    if (!p.e) return (p.kind === OR ? anyOf : allOf)(p.parts.map((q) => this.pred(q)));
    const e = this.apply(p.e);
    if (e === p.e) return p;
    return p.kind === GE ? isNonNegative(e) : p.kind === EQ ? isEqual(e, 0) : not(isEqual(e, 0));
  }
}
