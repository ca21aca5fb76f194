/**
 * Sums and products of dimensions. Numbers are computed at once and touch no table; everything else lands in the one
 * normal form of expr.ts, whatever the order in which it was built.
 */
import type { Dim, Expr, Mono } from './expr.js';
import { checked } from './expr.js';
import { MAX_DEGREE, MAX_PRODUCTS } from './kinds.js';
import type { ExprTable } from './table.js';

const ADD = 1,
  SUB = 2,
  MUL = 3,
  SHIFT = 5,
  SCALE = 6;

/** a + b + …; throws MODEL_INVALID when a plain number leaves ±(2^53 − 1). */
export function add(a: Dim = 0, b: Dim = 0, ...more: Dim[]): Dim {
  let total = typeof a === 'number' && typeof b === 'number' ? checked(a + b) : add2(a, b);
  for (let i = 0; i < more.length; i++) {
    const m = more[i]!;
    total = typeof total === 'number' && typeof m === 'number' ? checked(total + m) : add2(total, m);
  }
  return total;
}

/** a − b − … */
export function sub(a: Dim, b: Dim = 0, ...more: Dim[]): Dim {
  let total = typeof a === 'number' && typeof b === 'number' ? checked(a - b) : sub2(a, b);
  for (let i = 0; i < more.length; i++) total = sub2(total, more[i]!);
  return total;
}

/** a · b · … */
export function mul(a: Dim = 1, b: Dim = 1, ...more: Dim[]): Dim {
  let total = typeof a === 'number' && typeof b === 'number' ? checked(a * b) : mul2(a, b);
  for (let i = 0; i < more.length; i++) {
    const m = more[i]!;
    total = typeof total === 'number' && typeof m === 'number' ? checked(total * m) : mul2(total, m);
  }
  return total;
}

function add2(a: Dim, b: Dim): Dim {
  if (typeof a === 'number') return typeof b === 'number' ? checked(a + b) : shift(b, a);
  if (typeof b === 'number') return shift(a, b);
  const [x, y] = a.id <= b.id ? [a, b] : [b, a];
  const { table } = a;
  return table.recall(ADD, x.id, y.id) ?? table.remember(ADD, x.id, y.id, linear(x, 1, y, 1, 0));
}

function sub2(a: Dim, b: Dim): Dim {
  if (typeof b === 'number') return typeof a === 'number' ? checked(a - b) : shift(a, -b);
  if (typeof a === 'number') return linear(b, -1, undefined, 0, a);
  if (a === b) return 0;
  const { table } = a;
  return table.recall(SUB, a.id, b.id) ?? table.remember(SUB, a.id, b.id, linear(a, 1, b, -1, 0));
}

function mul2(a: Dim, b: Dim): Dim {
  if (typeof a === 'number') return typeof b === 'number' ? checked(a * b) : scale(b, a);
  if (typeof b === 'number') return scale(a, b);
  const [x, y] = a.id <= b.id ? [a, b] : [b, a];
  const { table } = a;
  return table.recall(MUL, x.id, y.id) ?? table.remember(MUL, x.id, y.id, expand(x, y));
}

/** e + k. */
function shift(e: Expr, k: number): Dim {
  if (k === 0) return e;
  if (k !== (k | 0)) return linear(e, 1, undefined, 0, k);
  const { table } = e;
  return table.recall(SHIFT, e.id, k) ?? table.remember(SHIFT, e.id, k, linear(e, 1, undefined, 0, k));
}

/** k·e. */
function scale(e: Expr, k: number): Dim {
  if (k === 0) return 0;
  if (k === 1) return e;
  if (k !== (k | 0)) return linear(e, k, undefined, 0, 0);
  const { table } = e;
  return table.recall(SCALE, e.id, k) ?? table.remember(SCALE, e.id, k, linear(e, k, undefined, 0, 0));
}

/** ka·a + kb·b + c. Where a coefficient would leave the safe integers, the operands become definitions. @internal */
export function linear(a: Expr, ka: number, b: Expr | undefined, kb: number, c: number): Dim {
  const { table } = a;
  if (b && b.table !== table) throw new TypeError('dimensions of two models meet in one expression');
  const ms = table.scratchMonos,
    ks = table.scratchCoefs;
  const constant = a.c * ka + (b ? b.c * kb : 0) + c;
  let safe = Number.isSafeInteger(constant),
    n = 0,
    i = 0,
    j = 0;
  const na = a.monos.length,
    nb = b ? b.monos.length : 0;
  while (i < na || j < nb) {
    const x = i < na ? a.monos[i]! : undefined,
      y = j < nb ? b!.monos[j]! : undefined;
    let m: Mono, k: number;
    if (y === undefined || (x !== undefined && x.id < y.id)) {
      m = x!;
      k = ka * a.coefs[i++]!;
    } else if (x === undefined || y.id < x.id) {
      m = y;
      k = kb * b!.coefs[j++]!;
    } else {
      m = x;
      k = ka * a.coefs[i++]! + kb * b!.coefs[j++]!;
    }
    if (k === 0) continue;
    safe &&= Number.isSafeInteger(k);
    ms[n] = m;
    ks[n++] = k;
  }
  if (safe) return table.sum(n, constant + 0);
  const x = table.define(a, 'd'),
    y = b && table.define(b, 'd');
  return linear(x, checked(ka), y, checked(kb), checked(c));
}

/** The product, term by term; too many terms make definitions of the operands. */
function expand(a: Expr, b: Expr): Dim {
  const { table } = a;
  const count = (a.monos.length + (a.c === 0 ? 0 : 1)) * (b.monos.length + (b.c === 0 ? 0 : 1));
  if (count > MAX_PRODUCTS || tooHigh(a, b)) return table.unit(table.product(symbolOf(a), symbolOf(b)));
  const ms: Mono[] = [],
    ks: number[] = [];
  let safe = Number.isSafeInteger(a.c * b.c);
  const put = (m: Mono, k: number): void => {
    let at = ms.length;
    while (at > 0 && ms[at - 1]!.id > m.id) at--;
    if (at > 0 && ms[at - 1] === m) {
      ks[at - 1]! += k;
      safe &&= Number.isSafeInteger(ks[at - 1]);
      return;
    }
    ms.splice(at, 0, m);
    ks.splice(at, 0, k);
    safe &&= Number.isSafeInteger(k);
  };
  for (let i = 0; i < a.monos.length; i++) {
    for (let j = 0; j < b.monos.length; j++) put(table.product(a.monos[i]!, b.monos[j]!), a.coefs[i]! * b.coefs[j]!);
    if (b.c !== 0) put(a.monos[i]!, a.coefs[i]! * b.c);
  }
  if (a.c !== 0) for (let j = 0; j < b.monos.length; j++) put(b.monos[j]!, a.c * b.coefs[j]!);
  if (!safe) return table.unit(table.product(symbolOf(a), symbolOf(b)));
  let n = 0;
  for (let i = 0; i < ms.length; i++) {
    if (ks[i] === 0) continue;
    table.scratchMonos[n] = ms[i]!;
    table.scratchCoefs[n++] = ks[i]!;
  }
  return table.sum(n, a.c * b.c + 0);
}

/** Several terms whose product has too high a degree: one definition for each operand, not one for each term. */
function tooHigh(a: Expr, b: Expr): boolean {
  if (a.monos.length * b.monos.length === 1) return false;
  let da = 0,
    db = 0;
  for (const m of a.monos) da = Math.max(da, m.atoms.length);
  for (const m of b.monos) db = Math.max(db, m.atoms.length);
  return da + db > MAX_DEGREE;
}

function symbolOf(e: Expr): Mono {
  return e.c === 0 && e.monos.length === 1 && e.coefs[0] === 1 ? e.monos[0]! : e.table.define(e, 'd').monos[0]!;
}

/** The product of all dimensions; 1 for none. */
export function product(dims: readonly Dim[]): Dim {
  let total: Dim = 1;
  for (const d of dims) total = typeof total === 'number' && typeof d === 'number' ? checked(total * d) : mul2(total, d);
  return total;
}

/** The expression of given terms (any order, monos distinct) plus a constant. @internal */
export function fromTerms(table: ExprTable, terms: readonly (readonly [Mono, number])[], c: number): Dim {
  const sorted = terms.filter(([, k]) => k !== 0).sort((x, y) => x[0].id - y[0].id);
  sorted.forEach(([m, k], i) => {
    table.scratchMonos[i] = m;
    table.scratchCoefs[i] = k;
  });
  return table.sum(sorted.length, c);
}
