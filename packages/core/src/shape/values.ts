/**
 * Arithmetic on value facts: the elements of small integer and boolean tensors, known one by one.
 *
 * An element is a dimension, a condition (boolean; decided ones are 1 and 0), or unknown; an unknown element spoils no
 * other. What cannot be said within the safe integers is unknown, never an error: the node itself will compute it.
 */
import { CuveeError } from '../errors.js';
import { ceilDiv, floorDiv, max, min, mod, scaled, select, truncDiv } from './atoms.js';
import { bounds } from './bounds.js';
import { add, mul, sub } from './dim.js';
import { isExpr, type Dim, type Pred } from './expr.js';
import { allOf, anyOf, isAtLeast, isEqual, not, type Condition } from './predicate.js';
import type { Rounding } from './scale.js';
import { exactDiv } from './quotient.js';

/** An element of a small integer or boolean tensor. */
export type Element = Dim | Pred | undefined;

/** Whether an element is a number or an expression. */
export function isDim(x: unknown): x is Dim {
  return typeof x === 'number' ? Number.isSafeInteger(x) : isExpr(x);
}

/** An element as a condition: a number is true if it is not 0. */
export function conditionOf(x: Element): Condition | undefined {
  if (x === undefined) return undefined;
  if (typeof x === 'number') return x !== 0;
  return isExpr(x) ? not(isEqual(x, 0)) : x;
}

/** A condition as an element. */
export function elementOfCondition(p: Condition): Element {
  return typeof p === 'boolean' ? (p ? 1 : 0) : p;
}

/** The element as a dimension: a condition counts 1 where it holds. */
export function dimOf(x: Element): Dim | undefined {
  return isDim(x) ? x : x === undefined || typeof x === 'number' ? undefined : select(x, 1, 0);
}

/** Runs arithmetic whose numbers may leave the safe integers: then the element is unknown. */
function known(compute: () => Element): Element {
  try {
    return compute();
  } catch (e) {
    if (e instanceof CuveeError) return undefined;
    throw e;
  }
}

type Binary = (a: Element, b: Element) => Element;
type Unary = (a: Element) => Element;

function onDims(compute: (a: Dim, b: Dim) => Element): Binary {
  return (a, b) => {
    const x = dimOf(a),
      y = dimOf(b);
    return x === undefined || y === undefined ? undefined : known(() => compute(x, y));
  };
}

function onConditions(compute: (a: Condition, b: Condition) => Condition, decisive: boolean | undefined): Binary {
  return (a, b) => {
    const x = conditionOf(a),
      y = conditionOf(b);
    if (decisive !== undefined && (x === decisive || y === decisive)) return decisive ? 1 : 0;
    return x === undefined || y === undefined ? undefined : elementOfCondition(compute(x, y));
  };
}

const positive = (d: Dim): boolean => bounds(d)[0] >= 1;
const negative = (d: Dim): boolean => bounds(d)[1] <= -1;

/** Integer division, rounding down (`pythondiv`, the default of the IR) or towards 0. Unknown where the divisor may be 0. */
function divide(a: Dim, b: Dim, roundDown: boolean): Element {
  if (!positive(b) && !negative(b)) return undefined;
  return exactDiv(a, b) ?? (roundDown ? floorDiv(a, b) : truncDiv(a, b));
}

/** Elementwise operations of two elements, by what they compute. */
export const binaryElements = {
  sum: onDims(add),
  difference: onDims((a, b) => sub(a, b)),
  product: onDims(mul),
  larger: onDims((a, b) => max(a, b)),
  smaller: onDims((a, b) => min(a, b)),
  quotient: onDims((a, b) => divide(a, b, true)),
  /** Divide with pythondiv off. */
  truncatedQuotient: onDims((a, b) => divide(a, b, false)),
  modulo: onDims((a, b) => (positive(b) || negative(b) ? mod(a, b) : undefined)),
  /** The remainder has the dividend's sign. */
  remainder: onDims((a, b) =>
    positive(b) || negative(b) ? (bounds(a)[0] >= 0 && positive(b) ? mod(a, b) : sub(a, mul(b, truncDiv(a, b)))) : undefined,
  ),
  equal: onDims((a, b) => elementOfCondition(isEqual(a, b))),
  notEqual: onDims((a, b) => elementOfCondition(not(isEqual(a, b)))),
  less: onDims((a, b) => elementOfCondition(isAtLeast(b, add(a, 1)))),
  lessEqual: onDims((a, b) => elementOfCondition(isAtLeast(b, a))),
  greater: onDims((a, b) => elementOfCondition(isAtLeast(a, add(b, 1)))),
  greaterEqual: onDims((a, b) => elementOfCondition(isAtLeast(a, b))),
  and: onConditions((a, b) => allOf([a, b]), false),
  or: onConditions((a, b) => anyOf([a, b]), true),
  xor: onConditions((a, b) => anyOf([allOf([a, not(b)]), allOf([not(a), b])]), undefined),
} satisfies Record<string, Binary>;

function onDim(compute: (a: Dim) => Element): Unary {
  return (a) => {
    const x = dimOf(a);
    return x === undefined ? undefined : known(() => compute(x));
  };
}

/** Elementwise operations of one element, by what they compute. */
export const unaryElements = {
  negative: onDim((a) => sub(0, a)),
  magnitude: onDim((a) => max(a, sub(0, a))),
  sign: onDim((a) => max(-1, min(1, a))),
  not: (a: Element): Element => {
    const p = conditionOf(a);
    return p === undefined ? undefined : elementOfCondition(not(p));
  },
  /** To boolean. */
  toBoolean: (a: Element): Element => {
    const p = conditionOf(a);
    return p === undefined ? undefined : elementOfCondition(p);
  },
  /** From boolean or another integer type, to one of at least 32 bits. */
  toInteger: (a: Element): Element => dimOf(a),
} satisfies Record<string, Unary>;

/** p ? a : b for elements of one type. */
export function selectElement(p: Element, a: Element, b: Element): Element {
  const c = conditionOf(p);
  if (c === true) return a;
  if (c === false) return b;
  if (a === b) return a;
  if (c === undefined || a === undefined || b === undefined) return undefined;
  const x = dimOf(a),
    y = dimOf(b);
  return x === undefined || y === undefined ? undefined : known(() => select(c, x, y));
}

/** Clamp to numbers. */
export function clampElement(x: Element, lo: number, hi: number): Element {
  const d = dimOf(x);
  return d === undefined
    ? undefined
    : known(() => min(max(d, Math.max(lo, -Number.MAX_SAFE_INTEGER)), Math.min(hi, Number.MAX_SAFE_INTEGER)));
}

/** One element from many: ReduceSum, ReduceProd, ReduceMax, ReduceMin, ReduceLogicalAnd, ReduceLogicalOr. Of none: the neutral element, where there is one. */
export function reduceElements(list: readonly Element[], how: 'sum' | 'prod' | 'max' | 'min' | 'and' | 'or'): Element {
  const { sum, product, larger, smaller, and, or } = binaryElements;
  const [start, step] = (
    {
      sum: [0, sum],
      prod: [1, product],
      max: [undefined, larger],
      min: [undefined, smaller],
      and: [1, and],
      or: [0, or],
    } as const
  )[how];
  if (list.length === 0) return start;
  if (how === 'prod' && list.includes(0)) return 0;
  if (how === 'max' || how === 'min') return list.slice(1).reduce<Element>((x, y) => step(x, y), list[0]);
  return list.reduce<Element>((x, y) => step(x, y), start);
}

/** Running sums: CumSum along one axis. */
export function cumulativeElements(list: readonly Element[], exclusive: boolean, reverse: boolean): Element[] {
  const out = new Array<Element>(list.length).fill(undefined);
  let total: Element = 0;
  for (let k = 0; k < list.length; k++) {
    const i = reverse ? list.length - 1 - k : k;
    const next: Element = binaryElements.sum(total, list[i]);
    out[i] = exclusive ? total : next;
    total = next;
  }
  return out;
}

/** start, start + step, …: Range of a constant length. */
export function rangeElements(start: Dim, step: Dim, length: number): Element[] {
  return Array.from({ length }, (_, i) => known(() => add(start, mul(step, i))));
}

/**
 * An integer size on its way through floating point: size·scale or size/divisor, not yet rounded. Made by Convert to f32,
 * ended by Floor, Ceiling or Round and Convert back. Elsewhere the float's value stays unknown.
 */
export class ScaledValue {
  readonly size: Dim;
  /** f32. */
  readonly scale: number;
  readonly divisor: number;
  constructor(size: Dim, scale = 1, divisor = 1) {
    this.size = size;
    this.scale = scale;
    this.divisor = divisor;
  }
}

const isPowerOfTwo = (x: number): boolean => x !== 0 && Number.isInteger(Math.log2(Math.abs(x)));

/** Multiplication by an f32 constant. Exact only where at most one factor rounds: the product is rounded once in f32. */
export function multiplyScaled(x: ScaledValue, factor: number): ScaledValue | undefined {
  const f = Math.fround(factor);
  if (x.divisor !== 1 || (!isPowerOfTwo(f) && !isPowerOfTwo(x.scale)) || f === 0 || !Number.isFinite(f)) return undefined;
  return new ScaledValue(x.size, x.scale * f);
}

/**
 * Division by an f32 constant: by a power of two, or of an integer by an integer. The rounded quotient of integers below
 * 2^24 never reaches the next integer, so that floor and ceiling are those of the exact quotient.
 */
export function divideScaled(x: ScaledValue, divisor: number): ScaledValue | undefined {
  const d = Math.fround(divisor);
  if (isPowerOfTwo(d) && x.divisor === 1) return new ScaledValue(x.size, x.scale / d);
  return x.scale === 1 && x.divisor === 1 && Number.isInteger(d) && d > 0 && d < 2 ** 20 ? new ScaledValue(x.size, 1, d) : undefined;
}

/** Floor, Ceiling or Round (half to even) of it: an integer, still of floating-point type. */
export function roundScaled(x: ScaledValue, rounding: Rounding): Dim | undefined {
  const d = known(() => {
    if (x.divisor === 1) return scaled(x.size, x.scale, rounding);
    return rounding === 'floor' ? floorDiv(x.size, x.divisor) : rounding === 'ceil' ? ceilDiv(x.size, x.divisor) : undefined;
  });
  return isDim(d) ? d : undefined;
}

/** Convert of it to an integer type: truncation, which is the floor of what is not negative. */
export function truncateScaled(x: ScaledValue): Dim | undefined {
  const below = roundScaled(x, 'floor'),
    above = roundScaled(x, 'ceil');
  if (below === undefined || above === undefined) return undefined;
  if (bounds(below)[0] >= 0) return below;
  return bounds(above)[1] <= 0 ? above : select(isAtLeast(below, 0), below, above);
}
