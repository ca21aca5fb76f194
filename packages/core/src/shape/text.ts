/**
 * Expressions as text and back: `h/4` (floor), `ceil(h/4)`, `h%32`, `2*h*w+1`, `max(a,b)`, `min(a,b)`, `bcast(a,b)`,
 * `sel(h>=4,a,b)`, `trunc(a/b)`, `fscale(h,0.7,floor)`. Order is by degree, then by text, never by age, so that equal
 * models print equally; `parse(scope, print(e)) === e`.
 */
import { CuveeError } from '../errors.js';
import type { Atom, Dim, Expr, Mono } from './expr.js';
import { soleAtom } from './expr.js';
import { bcast, ceilDiv, floorDiv, max, min, mod, scaled, select, truncDiv } from './atoms.js';
import { add, fromTerms, linear, mul, sub } from './dim.js';
import { AND, BCAST, EQ, FDIV, FSCALE, GE, MAX, MOD, OR, SEL, SYM } from './kinds.js';
import { allOf, anyOf, isAtLeast, isEqual, not, type Condition } from './predicate.js';
import type { ShapeScope } from './scope.js';

const WORD = /^[A-Za-z_][A-Za-z0-9_.#]*$/;
/** A text that is nothing but x % d. */
const REMAINDER = /^([A-Za-z0-9_.#]+|\([^()]*\))%\d+$/;
const RESERVED = new Set(['max', 'min', 'bcast', 'sel', 'ceil', 'trunc', 'fscale']);

/** The dimension as text. */
export function print(d: Dim): string {
  if (typeof d === 'number') return String(d);
  return printSum(d);
}

/** A term to be printed: coefficient and text; `tight` if it may stand beside `*` without parentheses. */
interface Term {
  k: number;
  text: string;
  tight: boolean;
  degree: number;
}

function printSum(e: Expr): string {
  const terms: Term[] = [];
  const left = new Map<Mono, number>();
  e.monos.forEach((m, i) => left.set(m, e.coefs[i]!));
  let c = e.c;
  // R − d·⌊R/d⌋ is R % d, before anything else takes R's terms.
  for (let i = 0; i < e.monos.length; i++) {
    const m = e.monos[i]!,
      k = left.get(m),
      a = soleAtom(m);
    if (k === undefined || a?.kind !== FDIV || typeof a.args[0] === 'number' || typeof a.args[1] !== 'number') continue;
    const r = a.args[0]!,
      d = a.args[1],
      times = -k / d;
    if (!Number.isInteger(times) || !r.monos.every((x, j) => left.get(x) === times * r.coefs[j]!)) continue;
    for (const x of r.monos) left.delete(x);
    left.delete(m);
    c -= times * r.c;
    terms.push({ k: times, text: `${operand(r)}%${d}`, tight: false, degree: 1 });
  }
  const extrema = [...left.keys()].filter((m) => soleAtom(m)?.kind === MAX && Math.abs(left.get(m)!) === 1);
  for (const [m, k] of left) {
    const a = soleAtom(m);
    if (a?.kind === MAX && (k < 0 || extrema.length === 1)) {
      // c + max(x…) = max(x+c…);  c − max(x…) = min(c−x…).
      const shift = extrema.length === 1 && extrema[0] === m ? c : 0;
      if (shift !== 0) c = 0;
      const args = a.args.map((x) => print(k < 0 ? sub(shift, x) : add(x, shift)));
      terms.push({ k: Math.abs(k), text: `${k < 0 ? 'min' : 'max'}(${args.sort().join(',')})`, tight: true, degree: 1 });
    } else terms.push({ k, ...printMono(m), degree: m.atoms.length });
  }
  terms.sort((x, y) => y.degree - x.degree || (x.text < y.text ? -1 : x.text > y.text ? 1 : 0));
  let text = '';
  for (const t of terms) {
    const size = Math.abs(t.k);
    const body = size === 1 ? (t.k < 0 && !t.tight ? `(${t.text})` : t.text) : `${size}*${t.tight ? t.text : `(${t.text})`}`;
    text += t.k < 0 ? `-${body}` : text === '' ? body : `+${body}`;
  }
  return c === 0 && text !== '' ? text : c < 0 ? `${text}${c}` : `${text}${text === '' ? '' : '+'}${c}`;
}

function printMono(m: Mono): { text: string; tight: boolean } {
  if (m.atoms.length === 1) return printAtom(m.atoms[0]!);
  const parts = m.atoms.map((a) => {
    const p = printAtom(a);
    return p.tight ? p.text : `(${p.text})`;
  });
  return { text: parts.sort().join('*'), tight: true };
}

function printAtom(a: Atom): { text: string; tight: boolean } {
  if (a.kind === SYM) return { text: WORD.test(a.name) && !RESERVED.has(a.name) ? a.name : JSON.stringify(a.name), tight: true };
  const [x, y] = a.args;
  if (a.kind === FDIV) {
    if (typeof x !== 'number' && typeof y === 'number' && x!.c === y - 1)
      return { text: `ceil(${operand(linear(x!, 1, undefined, 0, -x!.c))}/${y})`, tight: true };
    return { text: `${operand(x!)}/${operand(y!)}`, tight: false };
  }
  if (a.kind === MOD) return { text: `${operand(x!)}%${operand(y!)}`, tight: false };
  if (a.kind === MAX || a.kind === BCAST)
    return { text: `${a.kind === MAX ? 'max' : 'bcast'}(${a.args.map(print).sort().join(',')})`, tight: true };
  if (a.kind === SEL) return { text: `sel(${printCondition(a.pred!)},${print(x!)},${print(y!)})`, tight: true };
  if (a.kind === FSCALE) return { text: `fscale(${print(x!)},${a.scale},${a.rounding})`, tight: true };
  return { text: `trunc(${operand(x!)}/${operand(y!)})`, tight: true };
}

/** Text that may stand on either side of `/` and `%`. */
function operand(d: Dim): string {
  const text = print(d);
  return /^-?\d+$/.test(text) ? (text.startsWith('-') ? `(${text})` : text) : simple(d, text) ? text : `(${text})`;
}

function simple(d: Dim, text: string): boolean {
  if (typeof d === 'number' || d.c !== 0 || d.monos.length !== 1) return false;
  return d.coefs[0] === 1 && !text.startsWith('-') && d.monos[0]!.atoms.length === 1 && printAtom(d.monos[0]!.atoms[0]!).tight;
}

/** The condition as text: `h>=4`, `h==w`, `h!=w`, `a|b`, `a&b`. */
export function printCondition(p: Condition): string {
  if (typeof p === 'boolean') return p ? '0==0' : '0!=0';
  if (p.kind === OR || p.kind === AND)
    return p.parts
      .map((q) => (q.e ? printCondition(q) : `(${printCondition(q)})`))
      .sort()
      .join(p.kind === OR ? '|' : '&');
  const sign = p.kind === GE ? '>=' : p.kind === EQ ? '==' : '!=';
  const whole = print(p.e!);
  if (REMAINDER.test(whole)) return `${whole}${sign}0`;
  const e = p.e!,
    up: (readonly [Mono, number])[] = [],
    down: (readonly [Mono, number])[] = [];
  e.monos.forEach((m, i) => (e.coefs[i]! > 0 ? up.push([m, e.coefs[i]!]) : down.push([m, -e.coefs[i]!])));
  const plain = up.length > 0;
  const l = fromTerms(e.table, up, plain ? 0 : e.c),
    r = fromTerms(e.table, down, plain ? -e.c + 0 : 0);
  return `${print(l)}${sign}${print(r)}`;
}

/**
 * The dimension of a text, over the symbols of the scope (a name may be quoted as in JSON). Names mean what the scope's
 * assumptions make of them. Throws MODEL_INVALID for a text that is none.
 */
export function parse(scope: ShapeScope, text: string): Dim {
  const p = new Parser(scope, text);
  const d = p.sum();
  p.end();
  return d;
}

/** The condition of a text. */
export function parseCondition(scope: ShapeScope, text: string): Condition {
  const p = new Parser(scope, text);
  const c = p.condition();
  p.end();
  return c;
}

class Parser {
  private readonly scope: ShapeScope;
  private readonly text: string;
  private at = 0;

  constructor(scope: ShapeScope, text: string) {
    this.scope = scope;
    this.text = text;
  }

  end(): void {
    this.space();
    if (this.at < this.text.length) this.fail('an operator');
  }

  private fail(expected: string): never {
    throw new CuveeError('MODEL_INVALID', `shape expression ${JSON.stringify(this.text)}: ${expected} expected at position ${this.at}`);
  }

  private space(): void {
    while (this.text[this.at] === ' ') this.at++;
  }

  private take(token: string): boolean {
    this.space();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  private expect(token: string): void {
    if (!this.take(token)) this.fail(JSON.stringify(token));
  }

  sum(): Dim {
    let total: Dim = this.take('-') ? sub(0, this.term()) : this.term();
    for (;;) {
      if (this.take('+')) total = add(total, this.term());
      else if (this.take('-')) total = sub(total, this.term());
      else return total;
    }
  }

  private term(): Dim {
    let p = this.factor();
    for (;;) {
      if (this.take('*')) p = mul(p, this.factor());
      else if (this.take('/')) p = floorDiv(p, this.factor());
      else if (this.take('%')) p = mod(p, this.factor());
      else return p;
    }
  }

  private match(pattern: RegExp): string | undefined {
    this.space();
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  private factor(): Dim {
    if (this.take('(')) {
      const d = this.sum();
      this.expect(')');
      return d;
    }
    if (this.take('-')) return sub(0, this.factor());
    const number = this.match(/\d+/y);
    if (number !== undefined) return Number(number);
    const quoted = this.match(/"(?:[^"\\]|\\.)*"/y);
    if (quoted !== undefined) return this.symbol(JSON.parse(quoted) as string);
    const word = this.match(/[A-Za-z_][A-Za-z0-9_.#]*/y);
    if (word === undefined) return this.fail('a number, a name or "("');
    return RESERVED.has(word) ? this.call(word) : this.symbol(word);
  }

  private symbol(name: string): Dim {
    const atom = this.scope.table.named(name);
    if (!atom)
      throw new CuveeError('MODEL_INVALID', `shape expression ${JSON.stringify(this.text)}: no symbol is called ${JSON.stringify(name)}`);
    return this.scope.resolve(this.scope.table.atomExpr(atom));
  }

  private call(name: string): Dim {
    this.expect('(');
    const d = this.body(name);
    this.expect(')');
    return d;
  }

  private body(name: string): Dim {
    if (name === 'sel') {
      const p = this.condition();
      this.expect(',');
      const a = this.sum();
      this.expect(',');
      return select(p, a, this.sum());
    }
    if (name === 'ceil' || name === 'trunc') {
      const a = this.factor();
      this.expect('/');
      return (name === 'ceil' ? ceilDiv : truncDiv)(a, this.factor());
    }
    const args: [Dim, ...Dim[]] = [this.sum()];
    if (name === 'fscale') {
      this.expect(',');
      const scale = this.match(/-?\d+(\.\d+)?(e[+-]?\d+)?/y);
      this.expect(',');
      const rounding = this.match(/floor|ceil|round/y);
      if (scale === undefined || rounding === undefined) return this.fail('a scale and a rounding');
      return scaled(args[0], Number(scale), rounding as 'floor' | 'ceil' | 'round');
    }
    while (this.take(',')) args.push(this.sum());
    return name === 'max' ? max(...args) : name === 'min' ? min(...args) : bcast(...args);
  }

  condition(): Condition {
    const parts = [this.comparison()];
    const any = this.take('|'),
      sign = any ? '|' : '&';
    if (!any && !this.take('&')) return parts[0]!;
    do parts.push(this.comparison());
    while (this.take(sign));
    return (any ? anyOf : allOf)(parts);
  }

  private comparison(): Condition {
    const back = this.at;
    if (this.take('(')) {
      // A parenthesis opens a condition or a dimension: read it as a condition first.
      try {
        const c = this.condition();
        this.expect(')');
        return c;
      } catch (e) {
        if (!(e instanceof CuveeError)) throw e;
        this.at = back;
      }
    }
    const a = this.sum();
    if (this.take('>=')) return isAtLeast(a, this.sum());
    if (this.take('==')) return isEqual(a, this.sum());
    if (this.take('!=')) return not(isEqual(a, this.sum()));
    return this.fail('">=", "==" or "!="');
  }
}
