import { describe, expect, it } from 'vitest';
import {
  binaryElements,
  clampElement,
  createScope,
  cumulativeElements,
  dimOf,
  divideScaled,
  evaluate,
  isExpr,
  multiplyScaled,
  print,
  printCondition,
  rangeElements,
  reduceElements,
  roundScaled,
  ScaledValue,
  selectElement,
  truncateScaled,
  unaryElements,
  type Element,
} from '../../src/shape/index.js';

function sizes(ranges: readonly (readonly [number, number])[]) {
  const scope = createScope();
  return ranges.map((r, port) => scope.symbol({ kind: 'input', port, axis: 0 }, r, 'ab'[port]));
}
const at = (e: Element, a: number, b = NaN): number | undefined => {
  const d = dimOf(e);
  return d === undefined ? undefined : evaluate(d, (s) => ({ a, b })[s.name] ?? NaN);
};
const range = (lo: number, hi: number): number[] => Array.from({ length: hi - lo + 1 }, (_, i) => lo + i);

describe('elements', () => {
  const byNumber: Record<keyof typeof binaryElements, (a: number, b: number) => number> = {
    sum: (a, b) => a + b,
    difference: (a, b) => a - b,
    product: (a, b) => a * b,
    larger: Math.max,
    smaller: Math.min,
    quotient: (a, b) => Math.floor(a / b),
    truncatedQuotient: (a, b) => Math.trunc(a / b),
    modulo: (a, b) => a - b * Math.floor(a / b),
    remainder: (a, b) => a % b,
    equal: (a, b) => Number(a === b),
    notEqual: (a, b) => Number(a !== b),
    less: (a, b) => Number(a < b),
    lessEqual: (a, b) => Number(a <= b),
    greater: (a, b) => Number(a > b),
    greaterEqual: (a, b) => Number(a >= b),
    and: (a, b) => Number(a !== 0 && b !== 0),
    or: (a, b) => Number(a !== 0 || b !== 0),
    xor: (a, b) => Number((a !== 0) !== (b !== 0)),
  };

  for (const [name, compute] of Object.entries(binaryElements)) {
    it(`${name} of sizes is ${name} of their numbers`, () => {
      for (const second of [
        [1, 5],
        [-5, -1],
      ] as const) {
        const [a, b] = sizes([[-7, 7], second]);
        const whole = compute(a, b),
          left = compute(a, 3),
          right = compute(-11, b);
        for (const x of range(-7, 7))
          for (const y of range(second[0], second[1])) {
            const number = byNumber[name as keyof typeof binaryElements];
            expect([at(whole, x, y), at(left, x, y), at(right, x, y)], `${x}, ${y}`).toEqual([
              number(x, y) + 0,
              number(x, 3) + 0,
              number(-11, y) + 0,
            ]);
            expect(at(compute(x, y), 0)).toBe(number(x, y) + 0);
          }
      }
    });
  }

  it('an unknown element is unknown, unless the other decides', () => {
    const { sum, and, or } = binaryElements;
    expect([sum(undefined, 1), and(undefined, 0), or(1, undefined), and(undefined, 1)]).toEqual([undefined, 0, 1, undefined]);
  });

  it('what may be divided by 0, or leaves the safe integers, is unknown and no error', () => {
    const [a] = sizes([[0, 9]]);
    expect(binaryElements.quotient(5, a)).toBe(undefined);
    expect(binaryElements.quotient(5, 0)).toBe(undefined);
    expect(binaryElements.remainder(5, a)).toBe(undefined);
    expect(binaryElements.product(2 ** 40, 2 ** 40)).toBe(undefined);
    expect(binaryElements.sum(2 ** 63, a)).toBe(undefined);
  });

  it('comparisons are decided by bounds, or stay conditions', () => {
    const [a] = sizes([[4, 9]]);
    const { equal, less } = binaryElements;
    expect([equal(a, a), less(a, 4), less(a, 10)]).toEqual([1, 0, 1]);
    const open = less(a, 6);
    expect(typeof open === 'object' && !isExpr(open) && printCondition(open)).toBe('5>=a');
    expect(print(dimOf(selectElement(open, a, 0))!)).toBe('sel(a>=6,0,a)');
    expect(unaryElements.not(unaryElements.not(open))).toBe(open);
    expect(selectElement(1, a, undefined)).toBe(a);
    expect(selectElement(open, a, undefined)).toBe(undefined);
  });

  it('one element functions, clamps, reductions and running sums', () => {
    const [a] = sizes([[-6, 6]]);
    const { negative, magnitude, sign, toBoolean, toInteger } = unaryElements;
    for (const x of range(-6, 6)) {
      expect([negative(a), magnitude(a), sign(a), toInteger(toBoolean(a)), clampElement(a, -2, 3)].map((e) => at(e, x))).toEqual([
        -x + 0,
        Math.abs(x),
        Math.sign(x) + 0,
        Number(x !== 0),
        Math.min(Math.max(x, -2), 3),
      ]);
      expect(cumulativeElements([a, 2, a], false, false).map((e) => at(e, x))).toEqual([x, x + 2, 2 * x + 2]);
      expect(cumulativeElements([a, 2, a], true, true).map((e) => at(e, x))).toEqual([x + 2, x, 0]);
      expect(rangeElements(a!, 3, 3).map((e) => at(e, x))).toEqual([x, x + 3, x + 6]);
      expect((['sum', 'prod', 'max', 'min', 'and', 'or'] as const).map((how) => at(reduceElements([a, 2, 0], how), x) ?? -99)).toEqual([
        x + 2,
        0,
        Math.max(x, 2),
        Math.min(x, 0),
        0,
        1,
      ]);
    }
    expect(reduceElements([], 'sum')).toBe(0);
    expect(reduceElements([], 'max')).toBe(undefined);
    expect(reduceElements([undefined, 0], 'prod')).toBe(0);
    expect(reduceElements([undefined, 2], 'max')).toBe(undefined);
  });
});

describe('sizes that pass through floating point', () => {
  it('are what f32 arithmetic gives', () => {
    const f = Math.fround;
    const [a] = sizes([[0, 4000]]);
    const x = new ScaledValue(a!);
    for (const n of [0, 1, 3, 10, 99, 640, 991, 1333, 4000]) {
      for (const s of [0.7, 0.5, 2, 1 / 3, 1.25]) {
        expect(at(roundScaled(multiplyScaled(x, s)!, 'floor'), n), `floor ${n}*${s}`).toBe(Math.floor(f(f(n) * f(s))));
        expect(at(roundScaled(multiplyScaled(x, s)!, 'ceil'), n), `ceil ${n}*${s}`).toBe(Math.ceil(f(f(n) * f(s))));
        expect(at(truncateScaled(multiplyScaled(x, s)!), n), `trunc ${n}*${s}`).toBe(Math.trunc(f(f(n) * f(s))));
      }
      for (const d of [32, 7, 3, 0.5]) {
        expect(at(roundScaled(divideScaled(x, d)!, 'floor'), n), `floor ${n}/${d}`).toBe(Math.floor(f(f(n) / f(d))));
        expect(at(roundScaled(divideScaled(x, d)!, 'ceil'), n), `ceil ${n}/${d}`).toBe(Math.ceil(f(f(n) / f(d))));
      }
    }
    expect(print(roundScaled(divideScaled(x, 32)!, 'ceil')!)).toBe('ceil(a/32)');
  });

  it('are unknown where two roundings would be needed', () => {
    const [a] = sizes([[0, 4000]]);
    const third = multiplyScaled(new ScaledValue(a!), 1 / 3)!;
    expect(multiplyScaled(third, 0.7)).toBe(undefined);
    expect(multiplyScaled(third, 0.5)).toBeInstanceOf(ScaledValue);
    expect(divideScaled(third, 3)).toBe(undefined);
  });

  it('truncate towards 0 below it', () => {
    const [a] = sizes([[-50, 50]]);
    const half = multiplyScaled(new ScaledValue(a!), 0.5)!;
    for (const n of range(-50, 50)) expect(at(truncateScaled(half), n)).toBe(Math.trunc(n / 2) + 0);
  });
});
