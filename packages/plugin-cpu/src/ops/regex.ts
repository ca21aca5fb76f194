/**
 * @file Regular expressions as automata: what JavaScript's syntax (flags `u` and `s`) and RE2's have in common, matched against whole
 * strings. Looking around, looking back at groups and properties of characters are no regular language, or need tables; they are refused.
 */

/** Ascending, disjoint intervals of code points, ends included. */
type Ranges = readonly (readonly [number, number])[];

/** A pattern as a tree. */
type Tree =
  | { readonly kind: 'set'; readonly ranges: Ranges }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Tree[] }
  | { readonly kind: 'repeat'; readonly part: Tree; readonly least: number; readonly most: number }
  | { readonly kind: 'start' | 'end' };

/** A deterministic automaton over classes of code points. State 0 is the first; -1 in `table` means that nothing can match any more. */
export interface Automaton {
  /** First code points of intervals, ascending from 0; interval i has class `classes[i]`. */
  readonly starts: readonly number[];
  readonly classes: readonly number[];
  /** [states, number of classes]. */
  readonly table: readonly number[];
  readonly accepts: readonly boolean[];
}

const last = 0x10ffff;
/** Beyond Unicode there are bytes that are no UTF-8: nothing matches them. */
const beyond = last + 1;
const mostStates = 4096;

function joined(ranges: Ranges): Ranges {
  const out: [number, number][] = [];
  for (const [a, b] of [...ranges].sort((x, y) => x[0] - y[0])) {
    const before = out[out.length - 1];
    if (before && a <= before[1] + 1) before[1] = Math.max(before[1], b);
    else out.push([a, b]);
  }
  return out;
}
function complement(ranges: Ranges): Ranges {
  const out: [number, number][] = [];
  let at = 0;
  for (const [a, b] of joined(ranges)) {
    if (a > at) out.push([at, a - 1]);
    at = b + 1;
  }
  return at <= last ? [...out, [at, last]] : out;
}

const code = (c: string): number => c.codePointAt(0) as number;
const between = (text: string): Ranges => (text.match(/../gu) ?? []).map((p) => [code(p), code([...p][1] as string)]);
const digits = between('09');
const wordLetters = between('09AZ__az');
const spaces: Ranges = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]; // prettier-ignore
const classes: Readonly<Record<string, Ranges>> = {
  d: digits,
  w: wordLetters,
  s: spaces,
  D: complement(digits),
  W: complement(wordLetters),
  S: complement(spaces),
};
const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, 0: 0 };

/** Reads a pattern. Throws a text that says what is not known. */
class Reader {
  readonly #text: readonly string[];
  #at = 0;
  constructor(pattern: string) {
    this.#text = [...pattern];
  }

  whole(): Tree {
    const tree = this.#choice();
    if (this.#at < this.#text.length) throw `a ")" too many`;
    return tree;
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }
  #takes(text: string): boolean {
    const found = [...text].every((c, i) => this.#text[this.#at + i] === c);
    if (found) this.#at += [...text].length;
    return found;
  }

  #choice(): Tree {
    const parts = [this.#sequence()];
    while (this.#takes('|')) parts.push(this.#sequence());
    return parts.length === 1 ? (parts[0] as Tree) : { kind: 'choice', parts };
  }

  #sequence(): Tree {
    const parts: Tree[] = [];
    for (let c = this.#peek(); c !== undefined && c !== '|' && c !== ')'; c = this.#peek()) parts.push(this.#repeated(this.#atom()));
    return { kind: 'sequence', parts };
  }

  #repeated(part: Tree): Tree {
    let tree = part;
    const known: Readonly<Record<string, readonly [number, number]>> = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] };
    const mark = this.#peek() ?? '';
    const counted = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.#text.slice(this.#at, this.#at + 24).join(''));
    if (known[mark]) {
      this.#at++;
      tree = { kind: 'repeat', part, least: known[mark][0], most: known[mark][1] };
    } else if (counted) {
      this.#at += counted[0].length;
      const least = Number(counted[1]);
      const most = counted[2] === undefined ? least : counted[3] ? Number(counted[3]) : Infinity;
      if (least > 1000 || (most !== Infinity && most > 1000) || most < least) throw `the count ${counted[0]}`;
      tree = { kind: 'repeat', part, least, most };
    } else return tree;
    this.#takes('?'); // as little as possible: the whole string matches or does not
    return tree;
  }

  #atom(): Tree {
    if (this.#takes('(')) {
      if (this.#takes('?')) {
        if (/^P?<[A-Za-z_]\w*>/.test(this.#text.slice(this.#at, this.#at + 64).join(''))) {
          while (!this.#takes('>')) this.#at++;
        } else if (!this.#takes(':')) throw `a group "(?${this.#peek() ?? ''}"`;
      }
      const tree = this.#choice();
      if (!this.#takes(')')) throw 'a "(" that is not closed';
      return tree;
    }
    const c = this.#text[this.#at++] as string;
    if (c === '.') return { kind: 'set', ranges: [[0, last]] };
    if (c === '^') return { kind: 'start' };
    if (c === '$') return { kind: 'end' };
    if (c === '[') return { kind: 'set', ranges: this.#set() };
    if (c === '\\') return { kind: 'set', ranges: this.#escape() };
    if ('*+?{}]'.includes(c)) throw `"${c}" without what it repeats or closes`;
    return { kind: 'set', ranges: [[code(c), code(c)]] };
  }

  /** Behind a backslash. */
  #escape(): Ranges {
    const c = this.#text[this.#at++];
    if (c === undefined) throw 'a backslash at the end';
    if (classes[c]) return classes[c];
    const hex = /^(?:x([\da-fA-F]{2})|x\{([\da-fA-F]{1,6})\}|u([\da-fA-F]{4})|u\{([\da-fA-F]{1,6})\})/.exec(
      this.#text.slice(this.#at - 1, this.#at + 10).join(''),
    );
    const number = hex ? Number.parseInt((hex[1] ?? hex[2] ?? hex[3] ?? hex[4]) as string, 16) : controls[c];
    if (hex) this.#at += hex[0].length - 1;
    if (number !== undefined && number <= last) return [[number, number]];
    if (/[A-Za-z0-9]/.test(c)) throw `"\\${c}"`;
    return [[code(c), code(c)]];
  }

  /** Between brackets. */
  #set(): Ranges {
    const negated = this.#takes('^');
    const ranges: (readonly [number, number])[] = [];
    for (let first = true; ; first = false) {
      const c = this.#text[this.#at++];
      if (c === undefined) throw 'a "[" that is not closed';
      if (c === ']' && !first) break;
      if (c === '[' && this.#peek() === ':') throw 'a class of characters by name';
      const one = c === '\\' ? this.#escape() : ([[code(c), code(c)]] as const);
      const [[from, to] = [0, 0]] = one;
      if (one.length === 1 && from === to && this.#peek() === '-' && this.#text[this.#at + 1] !== ']') {
        this.#at++;
        const end = this.#text[this.#at++];
        const [[high] = [undefined]] = end === '\\' ? this.#escape() : end === undefined ? [] : [[code(end), code(end)] as const];
        if (high === undefined || high < from) throw 'an interval of characters that has no end, or ends before it begins';
        ranges.push([from, high]);
      } else ranges.push(...one);
    }
    return negated ? complement(ranges) : joined(ranges);
  }
}

/** States with steps that read nothing, and steps that read a set. */
class Net {
  readonly free: number[][] = [];
  readonly reads: (readonly [Ranges, number] | undefined)[] = [];
  /** Steps that are open at the start, or at the end, of the string alone. */
  readonly atStart = new Map<number, number>();
  readonly atEnd = new Map<number, number>();

  state(): number {
    if (this.free.length > 4 * mostStates) throw 'more states than the device takes';
    this.reads.push(undefined);
    return this.free.push([]) - 1;
  }
  link(from: number, to: number): void {
    (this.free[from] as number[]).push(to);
  }

  /** From a state through a tree; gives the state behind it. */
  through(tree: Tree, from: number): number {
    const to = this.state();
    switch (tree.kind) {
      case 'set':
        this.reads[this.#fresh(from)] = [tree.ranges, to];
        return to;
      case 'start':
        this.atStart.set(from, to);
        return to;
      case 'end':
        this.atEnd.set(from, to);
        return to;
      case 'sequence':
        this.link(
          tree.parts.reduce((at, part) => this.#fresh(this.through(part, at)), this.#fresh(from)),
          to,
        );
        return to;
      case 'choice':
        for (const part of tree.parts) this.link(this.through(part, this.#fresh(from)), to);
        return to;
      case 'repeat': {
        let at = this.#fresh(from);
        for (let i = 0; i < tree.least; i++) at = this.#fresh(this.through(tree.part, at));
        if (tree.most === Infinity) {
          const behind = this.through(tree.part, this.#fresh(at));
          this.link(behind, at);
        } else {
          for (let i = tree.least; i < tree.most; i++) {
            this.link(at, to);
            at = this.#fresh(this.through(tree.part, at));
          }
        }
        this.link(at, to);
        return to;
      }
    }
  }
  #fresh(from: number): number {
    const state = this.state();
    this.link(from, state);
    return state;
  }
  /** All states that can be reached without reading. */
  closure(states: Iterable<number>, start: boolean, end: boolean): number[] {
    const seen = new Set<number>();
    const stack = [...states];
    while (stack.length > 0) {
      const s = stack.pop() as number;
      if (seen.has(s)) continue;
      seen.add(s);
      stack.push(...(this.free[s] as number[]));
      for (const [open, steps] of [
        [start, this.atStart],
        [end, this.atEnd],
      ] as const)
        if (open && steps.has(s)) stack.push(steps.get(s) as number); // prettier-ignore
    }
    return [...seen].sort((a, b) => a - b);
  }
}

/** The automaton of a pattern that has to match the whole of a string; a text says what in it is not known here. */
export function automatonOf(pattern: string): Automaton | string {
  try {
    return built(new Reader(pattern).whole());
  } catch (why) {
    if (typeof why === 'string') return why;
    throw why;
  }
}

function built(tree: Tree): Automaton {
  const net = new Net();
  const first = net.state();
  const final = net.through(tree, first);
  const edges = new Set([0, beyond]);
  for (const read of net.reads) for (const [a, b] of read?.[0] ?? []) edges.add(a).add(b + 1);
  const starts = [...edges].sort((a, b) => a - b);
  const table: number[] = [];
  const accepts: boolean[] = [];
  const places = new Map<string, number>();
  const sets: number[][] = [];
  const place = (from: Iterable<number>, start: boolean): number => {
    const open = net.closure(from, start, false);
    if (open.length === 0) return -1;
    const key = `${start ? '^' : ''}${open.join()}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    if (sets.length >= mostStates) throw 'more states than the device takes';
    places.set(key, sets.length);
    accepts.push(net.closure(from, start, true).includes(final));
    return sets.push(open) - 1;
  };
  place([first], true);
  for (let s = 0; s < sets.length; s++)
    for (const c of starts) {
      const next = (sets[s] as number[]).flatMap((state) => {
        const read = net.reads[state];
        return read?.[0].some(([a, b]) => c >= a && c <= b) ? [read[1]] : [];
      });
      table.push(place(next, false));
    }
  return { starts, classes: starts.map((_, i) => i), table, accepts };
}
