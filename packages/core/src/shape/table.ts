/**
 * The interning tables of one model's dimensions: two that are equal as polynomials over their atoms are the same object.
 *
 * Here every expression, product and atom gets its bounds and congruence, at its creation, and the limits of kinds.ts are kept:
 * what would grow beyond them becomes a symbol with a definition.
 */
import { boundAtom } from './atom-bounds.js';
import { tightBounds } from './bounds.js';
import { Atom, Expr, isSymbol, Mono, Pred, sortDims, type Dim, type Origin, type Range } from './expr.js';
import { floorModulo, gcd, highEnd, lowEnd, modulusProduct, productHigh, productLow, residueProduct } from './interval.js';
import { BCAST, FDIV, MAX, MAX_DEGREE, MAX_DEPTH, MAX_EXPRS, MAX_TERMS, SEL, SYM } from './kinds.js';
import type { Rounding } from './scale.js';

function mix(h: number, x: number): number {
  h = Math.imul(h ^ x, 0x9e3779b1);
  return h ^ (h >>> 15);
}

function mixNumber(h: number, x: number): number {
  return x === (x | 0) ? mix(h, x) : mix(mix(h, x | 0), Math.floor(x / 4294967296) | 0);
}

function mixDim(h: number, d: Dim): number {
  return typeof d === 'number' ? mixNumber(h ^ 0x55555555, d) : mix(h, d.id);
}

/** The interning tables of one model. Scopes that are each other's children share one. @internal */
export class ExprTable {
  private exprs: (Expr | undefined)[] = new Array<Expr | undefined>(256).fill(undefined);
  private monos: (Mono | undefined)[] = new Array<Mono | undefined>(128).fill(undefined);
  private atoms: (Atom | undefined)[] = new Array<Atom | undefined>(128).fill(undefined);
  private readonly preds = new Map<string, Pred>();
  private readonly byOrigin = new Map<string, Atom>();
  private readonly byName = new Map<string, Atom>();
  exprCount = 0;
  monoCount = 0;
  atomCount = 0;
  private predCount = 0;
  private definitions = 0;
  /** Terms being collected for `sum`. */
  readonly scratchMonos: Mono[] = [];
  readonly scratchCoefs: number[] = [];
  /** Generation of Atom.stamp. */
  generation = 0;
  /** Direct-mapped memo of binary constructors: (op, a, b) → result. */
  private readonly memoOp = new Uint8Array(2048);
  private readonly memoA = new Int32Array(2048);
  private readonly memoB = new Int32Array(2048);
  private readonly memoResult: Dim[] = new Array<Dim>(2048).fill(0);

  /** The remembered result of `op` on ids (or a small divisor) a, b. */
  recall(op: number, a: number, b: number): Dim | undefined {
    const slot = mix(mix(op, a), b) & 2047;
    return this.memoOp[slot] === op && this.memoA[slot] === a && this.memoB[slot] === b ? this.memoResult[slot] : undefined;
  }

  remember(op: number, a: number, b: number, result: Dim): Dim {
    const slot = mix(mix(op, a), b) & 2047;
    this.memoOp[slot] = op;
    this.memoA[slot] = a;
    this.memoB[slot] = b;
    this.memoResult[slot] = result;
    return result;
  }

  /** The expression of the first n scratch terms (ascending ids, coefficients ≠ 0 and safe) and constant c; a number if it can only be one. */
  sum(n: number, c: number): Dim {
    if (n === 0) return c;
    const found = this.internSum(n, c);
    if (found.lo === found.hi) return found.lo;
    if (n > MAX_TERMS || (n > 1 && this.exprCount > MAX_EXPRS)) return this.define(found, 'd');
    return found;
  }

  private internSum(n: number, c: number): Expr {
    const ms = this.scratchMonos,
      ks = this.scratchCoefs;
    let hash = mixNumber(n, c);
    for (let i = 0; i < n; i++) hash = mixNumber(mix(hash, ms[i]!.id), ks[i]!);
    const slot = hash & (this.exprs.length - 1);
    next: for (let e = this.exprs[slot]; e; e = e.next) {
      if (e.hash !== hash || e.c !== c || e.monos.length !== n) continue;
      for (let i = 0; i < n; i++) if (e.monos[i] !== ms[i] || e.coefs[i] !== ks[i]) continue next;
      return e;
    }
    let lo = c,
      hi = c,
      mod = 0,
      rem = c,
      depth = 0,
      divides = false;
    let sole: Atom | null = ms[0]!.sole;
    for (let i = 0; i < n; i++) {
      const m = ms[i]!,
        k = ks[i]!;
      lo += k > 0 ? k * m.lo : k * m.hi;
      hi += k > 0 ? k * m.hi : k * m.lo;
      const termMod = modulusProduct(k < 0 ? -k : k, m.mod);
      const termRem = termMod === 1 ? 0 : (residueProduct(k, m.rem, termMod) ?? 0);
      const sound = termMod !== 1 && residueProduct(k, m.rem, termMod) === undefined ? 1 : termMod;
      mod = gcd(mod, sound);
      rem = mod === 1 ? 0 : floorModulo(floorModulo(rem, mod) + floorModulo(termRem, mod), mod);
      if (m.depth > depth) depth = m.depth;
      if (m.sole !== sole) sole = null;
      divides ||= m.divides;
    }
    lo = lowEnd(lo);
    hi = highEnd(hi);
    if (mod > 1) {
      const up = lo === -Infinity ? lo : lo + floorModulo(rem - lo, mod);
      const down = hi === Infinity ? hi : hi - floorModulo(hi - rem, mod);
      if (up <= down) {
        lo = lowEnd(up);
        hi = highEnd(down);
      }
    }
    const e = new Expr(
      this,
      this.exprCount++,
      hash,
      this.exprs[slot],
      c,
      ms.slice(0, n),
      ks.slice(0, n),
      lo,
      hi,
      mod,
      rem,
      depth,
      sole,
      divides,
    );
    this.exprs[slot] = e;
    if (this.exprCount > this.exprs.length) this.exprs = rehash(this.exprs);
    return e;
  }

  /** The expression that is one atom. */
  atomExpr(atom: Atom): Expr {
    return this.unit(atom.mono);
  }

  /** The expression that is one mono, even where its bounds leave one value. */
  unit(m: Mono): Expr {
    if (m.unit) return m.unit;
    this.scratchMonos[0] = m;
    this.scratchCoefs[0] = 1;
    return (m.unit = this.internSum(1, 0));
  }

  /** The product of two monos. Beyond MAX_DEGREE it is a definition's mono. */
  product(a: Mono, b: Mono): Mono {
    const atoms: Atom[] = [];
    let i = 0,
      j = 0;
    while (i < a.atoms.length || j < b.atoms.length) {
      const x = a.atoms[i],
        y = b.atoms[j];
      if (y === undefined || (x !== undefined && x.id <= y.id)) {
        atoms.push(x!);
        i++;
      } else {
        atoms.push(y);
        j++;
      }
    }
    const m = this.mono(atoms);
    return atoms.length > MAX_DEGREE ? this.define(this.unit(m), 'p').monos[0]! : m;
  }

  /** The mono of atoms sorted by id. */
  mono(atoms: readonly Atom[]): Mono {
    let hash = atoms.length;
    for (let i = 0; i < atoms.length; i++) hash = mix(hash, atoms[i]!.id);
    const slot = hash & (this.monos.length - 1);
    next: for (let m = this.monos[slot]; m; m = m.next) {
      if (m.hash !== hash || m.atoms.length !== atoms.length) continue;
      for (let i = 0; i < atoms.length; i++) if (m.atoms[i] !== atoms[i]) continue next;
      return m;
    }
    const first = atoms[0]!;
    let { lo, hi, mod, rem, depth, sole } = first;
    let divides = opens(first);
    for (let i = 1; i < atoms.length; i++) {
      const a = atoms[i]!;
      const low = productLow(lo, hi, a.lo, a.hi);
      hi = productHigh(lo, hi, a.lo, a.hi);
      lo = low;
      // (r + m·i)(s + n·j) ≡ r·s modulo gcd(m·n, m·s, n·r).
      const g = gcd(gcd(modulusProduct(mod, a.mod), modulusProduct(mod, a.rem)), modulusProduct(a.mod, rem));
      const r = residueProduct(rem, a.rem, g);
      mod = r === undefined ? 1 : g;
      rem = r ?? 0;
      if (a.depth > depth) depth = a.depth;
      if (a.sole !== sole) sole = null;
      divides ||= opens(a);
    }
    const m = new Mono(this.monoCount++, hash, this.monos[slot], atoms.slice(), lo, hi, mod, rem, depth, sole, divides);
    this.monos[slot] = m;
    if (this.monoCount > this.monos.length) this.monos = rehash(this.monos);
    return m;
  }

  /** The expression of an operation atom; arguments at the depth limit become definitions. */
  operation(kind: number, args: readonly Dim[], pred?: Pred, scale = 0, rounding: Rounding = 'floor'): Dim {
    let depth = pred ? predDepth(pred) : 0;
    for (let i = 0; i < args.length; i++) {
      const a = args[i]!;
      if (typeof a !== 'number' && a.depth > depth) depth = a.depth;
    }
    if (depth >= MAX_DEPTH) {
      args = args.map((a) => (typeof a !== 'number' && a.depth >= MAX_DEPTH ? this.define(a, 'd') : a));
      if (kind === MAX || kind === BCAST) args = sortDims(args);
      depth = pred ? Math.min(predDepth(pred), MAX_DEPTH - 1) : 0;
      for (const a of args) if (typeof a !== 'number' && a.depth > depth) depth = a.depth;
    }
    const atom = this.internAtom(kind, args, pred, scale, rounding, depth + 1);
    return atom.lo === atom.hi ? atom.lo : this.unit(atom.mono);
  }

  private internAtom(kind: number, args: readonly Dim[], pred: Pred | undefined, scale: number, rounding: Rounding, depth: number): Atom {
    let hash = mix(mix(kind, args.length), rounding.length);
    if (pred) hash = mix(hash, pred.id);
    if (scale !== 0) hash = mixNumber(hash, Math.round(scale * 65536));
    for (let i = 0; i < args.length; i++) hash = mixDim(hash, args[i]!);
    const slot = hash & (this.atoms.length - 1);
    next: for (let a = this.atoms[slot]; a; a = a.next) {
      if (
        a.hash !== hash ||
        a.kind !== kind ||
        a.args.length !== args.length ||
        a.pred !== pred ||
        a.scale !== scale ||
        a.rounding !== rounding
      )
        continue;
      for (let i = 0; i < args.length; i++) if (a.args[i] !== args[i]) continue next;
      return a;
    }
    const atom = new Atom(this.atomCount++, hash, this.atoms[slot], kind, args, pred, scale, rounding, depth);
    boundAtom(atom);
    this.atoms[slot] = atom;
    this.finish(atom);
    return atom;
  }

  private finish(atom: Atom): void {
    if (this.atomCount > this.atoms.length) this.atoms = rehash(this.atoms);
    atom.mono = this.mono([atom]);
  }

  /** The symbol of an origin, made at its first use. */
  symbol(origin: Origin, range: Range, name?: string): Expr {
    const key = originKey(origin, range);
    const known = this.byOrigin.get(key);
    if (known) return this.atomExpr(known);
    const slot = mix(SYM, this.atomCount) & (this.atoms.length - 1);
    const atom = new Atom(this.atomCount++, mix(SYM, this.atomCount - 1), this.atoms[slot], SYM, [], undefined, 0, 'floor', 0);
    atom.lo = lowEnd(range[0]);
    atom.hi = highEnd(range[1]);
    atom.origin = origin;
    atom.sole = atom;
    if (origin.kind === 'def') {
      atom.mod = origin.of.mod;
      atom.rem = origin.of.rem;
      atom.sole = origin.of.sole ?? atom;
    }
    atom.name = this.freeName(name ?? defaultName(origin));
    this.byName.set(atom.name, atom);
    this.byOrigin.set(key, atom);
    this.atoms[slot] = atom;
    this.finish(atom);
    return this.atomExpr(atom);
  }

  /** A symbol that stands for `e`, whose definition the program keeps; a symbol stands for itself. */
  define(e: Expr, hint: string, range?: Range): Expr {
    if (!range && isSymbol(e)) return e;
    const [lo, hi] = tightBounds(e);
    const within: Range = range ? [Math.max(lo, range[0]), Math.min(hi, range[1])] : [lo, hi];
    const known = this.byOrigin.get(originKey({ kind: 'def', of: e, hint }, within));
    if (known) return this.atomExpr(known);
    return this.symbol({ kind: 'def', of: e, hint }, within, `${hint}${++this.definitions}`);
  }

  /** The symbol `s` known to lie in a narrower range: same number, same name in text. */
  narrow(s: Atom, range: Range): Expr {
    const of = this.atomExpr(s);
    const within: Range = [Math.max(s.lo, range[0]), Math.min(s.hi, range[1])];
    const origin: Origin = { kind: 'def', of, hint: '' };
    const known = this.byOrigin.get(originKey(origin, within));
    if (known) return this.atomExpr(known);
    const made = this.symbol(origin, within, s.name);
    const atom = made.monos[0]!.atoms[0]!;
    this.byName.delete(atom.name);
    atom.name = s.name;
    return made;
  }

  named(name: string): Atom | undefined {
    return this.byName.get(name);
  }

  pred(kind: number, e: Expr | undefined, parts: readonly Pred[]): Pred {
    const key = e ? `${kind}:${e.id}` : `${kind}|${parts.map((p) => p.id).join(',')}`;
    let p = this.preds.get(key);
    if (!p) this.preds.set(key, (p = new Pred(this.predCount++, kind, e, parts)));
    return p;
  }

  private freeName(name: string): string {
    if (!this.byName.has(name)) return name;
    for (let i = 2; ; i++) if (!this.byName.has(`${name}_${i}`)) return `${name}_${i}`;
  }
}

function rehash<T extends { hash: number; next: T | undefined }>(old: readonly (T | undefined)[]): (T | undefined)[] {
  const grown = new Array<T | undefined>(old.length * 2).fill(undefined);
  for (const head of old) {
    for (let item = head; item; ) {
      const { next } = item;
      const slot = item.hash & (grown.length - 1);
      item.next = grown[slot];
      grown[slot] = item;
      item = next;
    }
  }
  return grown;
}

function opens(a: Atom): boolean {
  return a.kind === FDIV || a.kind === MAX || a.kind === SEL;
}

function predDepth(p: Pred): number {
  let depth = p.e ? p.e.depth : 0;
  for (const q of p.parts) depth = Math.max(depth, predDepth(q));
  return depth;
}

function originKey(o: Origin, range: Range): string {
  switch (o.kind) {
    case 'input':
      return `i${o.port},${o.axis}`;
    case 'state':
      return `s${o.axis},${o.variable}`;
    case 'data':
      return `d${o.output},${o.axis},${o.node}`;
    case 'value':
      return `v${o.output},${o.element},${o.node}`;
    case 'def':
      return `e${o.of.id},${range[0]},${range[1]}`;
  }
}

function defaultName(o: Origin): string {
  switch (o.kind) {
    case 'input':
      return `in${o.port}.${o.axis}`;
    case 'state':
      return `${o.variable}.${o.axis}`;
    case 'data':
      return `${o.node}#${o.output ? `${o.output}.` : ''}${o.axis}`;
    case 'value':
      return `${o.node}#${o.output ? `${o.output}.` : ''}v${o.element}`;
    case 'def':
      return o.hint;
  }
}
