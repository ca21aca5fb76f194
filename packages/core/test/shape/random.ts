import {
  add,
  bcast,
  bounds,
  ceilDiv,
  evaluate,
  floorDiv,
  isAtLeast,
  isEqual,
  max,
  min,
  mod,
  mul,
  scaled,
  select,
  sub,
  truncDiv,
  type Dim,
  type Expr,
  type ShapeScope,
} from '../../src/shape/index.js';

/** A generator of reproducible numbers (mulberry32). */
export class Random {
  private state: number;
  readonly seed: number;
  constructor(seed: number) {
    this.seed = seed;
    this.state = seed >>> 0;
  }
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  /** An integer in lo..hi. */
  int(lo: number, hi: number): number {
    return lo + Math.floor(this.next() * (hi - lo + 1));
  }
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!;
  }
}

/** A tree of operations as a naive program would compute it. `value` is undefined where it is not defined (division by ≤ 0, …). */
export type Tree = {
  readonly build: (swap: boolean) => Dim;
  readonly value: (env: readonly number[]) => number | undefined;
  readonly text: string;
};

export interface SymbolSpec {
  readonly dim: Expr;
  readonly lo: number;
  readonly hi: number;
}

export function symbols(scope: ShapeScope, random: Random, count: number, signed: boolean): SymbolSpec[] {
  return Array.from({ length: count }, (_, port) => {
    const lo = signed ? random.int(-40, 5) : random.int(0, 4);
    const hi = lo + random.pick([1, 3, 10, 60, 300, 2000]);
    return { dim: scope.symbol({ kind: 'input', port, axis: 0 }, [lo, hi], 'abcdefgh'[port]), lo, hi };
  });
}

const floor = (a: number, b: number): number => Math.floor(a / b);
type Op2 = readonly [name: string, build: (a: Dim, b: Dim) => Dim, value: (a: number, b: number) => number | undefined, commutes: boolean];
const BINARY: readonly Op2[] = [
  ['+', add, (a, b) => a + b, true],
  ['-', (a, b) => sub(a, b), (a, b) => a - b, false],
  ['*', mul, (a, b) => a * b, true],
  ['max', max, (a, b) => Math.max(a, b), true],
  ['min', min, (a, b) => Math.min(a, b), true],
  ['bcast', bcast, (a, b) => (a === 1 ? b : b === 1 || a === b ? a : undefined), true],
  ['div', (a, b) => floorDiv(a, max(b, 1)), (a, b) => floor(a, Math.max(b, 1)), false],
  ['cdiv', (a, b) => ceilDiv(a, max(b, 1)), (a, b) => -floor(-a, Math.max(b, 1)), false],
  ['mod', (a, b) => mod(a, max(b, 1)), (a, b) => a - Math.max(b, 1) * floor(a, Math.max(b, 1)), false],
  ['tdiv', (a, b) => truncDiv(a, max(b, 1)), (a, b) => Math.trunc(a / Math.max(b, 1)), false],
];
type Op1 = readonly [name: string, build: (a: Dim, k: number) => Dim, value: (a: number, k: number) => number | undefined];
const UNARY: readonly Op1[] = [
  ['/k', (a, k) => floorDiv(a, k), (a, k) => floor(a, k)],
  ['ceil/k', (a, k) => ceilDiv(a, k), (a, k) => -floor(-a, k)],
  ['%k', (a, k) => mod(a, k), (a, k) => a - k * floor(a, k)],
  ['*k', (a, k) => mul(a, k - 6), (a, k) => a * (k - 6)],
  ['+k', (a, k) => add(a, k - 6), (a, k) => a + k - 6],
  ['t/k', (a, k) => truncDiv(a, k - 20 || 3), (a, k) => Math.trunc(a / (k - 20 || 3))],
  ['/-k', (a, k) => floorDiv(a, -k), (a, k) => floor(a, -k)],
  ['scale', (a, k) => scaled(a, k / 7, 'floor'), (a, k) => Math.floor(Math.fround(Math.fround(a) * Math.fround(k / 7)))],
  [
    'half',
    (a, k) => scaled(a, k / 8, 'round'),
    (a, k) => {
      const x = (a * k) / 8,
        f = Math.floor(x),
        r = x - f;
      return r < 0.5 || (r === 0.5 && f % 2 === 0) ? f : f + 1;
    },
  ],
];

/** A random tree over the symbols. */
export function tree(random: Random, specs: readonly SymbolSpec[], depth: number): Tree {
  if (depth === 0 || random.next() < 0.12) {
    if (random.next() < 0.2) {
      const k = random.int(-9, 20);
      return { build: () => k, value: () => k, text: String(k) };
    }
    const i = random.int(0, specs.length - 1);
    return { build: () => specs[i]!.dim, value: (env) => env[i], text: 'abcdefgh'[i]! };
  }
  if (random.next() < 0.35) {
    const a = tree(random, specs, depth - 1),
      [name, build, value] = random.pick(UNARY),
      k = random.int(1, 33);
    return {
      build: (swap) => build(a.build(swap), k),
      value: (env) => {
        const x = a.value(env);
        return x === undefined ? undefined : value(x, k);
      },
      text: `(${a.text} ${name}:${k})`,
    };
  }
  const a = tree(random, specs, depth - 1),
    b = tree(random, specs, depth - 1);
  if (random.next() < 0.12) {
    const c = tree(random, specs, depth - 1),
      equal = random.next() < 0.3;
    return {
      build: (swap) =>
        select(equal ? isEqual(a.build(swap), b.build(swap)) : isAtLeast(a.build(swap), b.build(swap)), c.build(swap), b.build(swap)),
      value: (env) => {
        const x = a.value(env),
          y = b.value(env),
          z = c.value(env);
        return x === undefined || y === undefined || z === undefined ? undefined : (equal ? x === y : x >= y) ? z : y;
      },
      text: `sel(${a.text}${equal ? '==' : '>='}${b.text},${c.text},${b.text})`,
    };
  }
  const [name, build, value, commutes] = random.pick(BINARY);
  return {
    build: (swap) => (swap && commutes ? build(b.build(swap), a.build(swap)) : build(a.build(swap), b.build(swap))),
    value: (env) => {
      const x = a.value(env),
        y = b.value(env);
      return x === undefined || y === undefined ? undefined : value(x, y);
    },
    text: `(${a.text} ${name} ${b.text})`,
  };
}

export function environment(random: Random, specs: readonly SymbolSpec[]): number[] {
  return specs.map(({ lo, hi }) => (random.next() < 0.15 ? lo : random.next() < 0.15 ? hi : random.int(lo, hi)));
}

/** The interned dimension's value for an environment. */
export function valueOf(d: Dim, specs: readonly SymbolSpec[], env: readonly number[]): number {
  return evaluate(d, (s) => {
    const i = specs.findIndex((x) => x.dim.monos[0]!.atoms[0] === s);
    return i === -1 ? NaN : env[i]!;
  });
}

export { bounds };
