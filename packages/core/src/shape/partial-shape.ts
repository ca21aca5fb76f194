/** PartialShape: intervals of sizes as users write and read them, without relations between dimensions. */
import { isText, noArguments, printedAs, wrongSignature } from '../calls.js';
import { CuveeError } from '../errors.js';
import { bounds } from './bounds.js';
import type { Dim, Range, Shape } from './expr.js';

/** What `getDimensions` gives: a size, −1 for any, or [min, max] (max −1 where there is none). */
export type DimensionValue = number | readonly [min: number, max: number];

const INT64_MAX = 2 ** 63;

/** A shape whose dimensions may be sizes, ranges or unknown, or whose rank is unknown. Immutable. */
export class PartialShape {
  /** One interval a dimension, 0 ≤ lo ≤ hi ≤ ∞; undefined is dynamic rank. */
  readonly dimensions: readonly Range[] | undefined;

  /**
   * From text (`"[1,?,960..1200,..8]"`, `"..."`), or from sizes, with −1 for any and [min, max] for a range.
   * Without an argument: a scalar's shape. Throws ARGUMENT_INVALID for a text that is no shape.
   */
  constructor(shape?: string | readonly DimensionValue[]);
  constructor(...given: unknown[]) {
    const [shape = ''] = given;
    if (given.length > 1 || (!isText(shape) && !Array.isArray(shape)))
      throw wrongSignature('PartialShape constructor', given, ['', 'string', 'Array']);
    this.dimensions = isText(shape) ? parseDims(shape) : (shape as DimensionValue[]).map(rangeOf);
  }

  /**
   * Reads the text form, as OpenVINO does: brackets optional, spaces around a dimension, `?` or `-1`, `a..b`, `a..`, `..b`;
   * a lone `...` is dynamic rank. Its quirks are kept: an inverted range is `?`, a negative size 0.
   */
  static parse(text: string): PartialShape {
    return new PartialShape(text);
  }

  /** The intervals of a symbolic shape, clamped at 0; `limits` may know more of a dimension than its own bounds. */
  static of(shape: Shape, limits: (d: Dim) => Range = (d) => bounds(d, 3)): PartialShape {
    return PartialShape.from(shape?.map((d) => (typeof d === 'number' ? [d, d] : clamp(limits(d)))));
  }

  /** From intervals. */
  static from(dims: readonly Range[] | undefined): PartialShape {
    const made = new PartialShape([]);
    (made as { dimensions: readonly Range[] | undefined }).dimensions = dims;
    return made;
  }

  /** Number of dimensions; undefined for dynamic rank. */
  get rank(): number | undefined {
    return this.dimensions?.length;
  }

  /** Whether the rank and every dimension are known. */
  isStatic(): boolean {
    return this.dimensions !== undefined && this.dimensions.every(([lo, hi]) => lo === hi);
  }

  /** Whether something is not known. */
  isDynamic(): boolean {
    return !this.isStatic();
  }

  /** Sizes, [min, max] or −1. Throws SHAPE_MISMATCH for dynamic rank. */
  getDimensions(): DimensionValue[] {
    if (!this.dimensions) throw new CuveeError('SHAPE_MISMATCH', 'the shape [...] has dynamic rank and so no dimensions');
    return this.dimensions.map(([lo, hi]) => (lo === hi ? lo : lo === 0 && hi === Infinity ? -1 : [lo, hi === Infinity ? -1 : hi]));
  }

  /** `[1,?,960..1200,2..,..8]`, or `[...]`. */
  toString(): string {
    return this.dimensions ? `[${this.dimensions.map(printRange).join(',')}]` : '[...]';
  }

  /** Same rank, same bounds of every dimension. */
  equals(o: PartialShape): boolean {
    return this.toString() === o.toString();
  }

  /** Every shape this one allows, `o` allows too. */
  refines(o: PartialShape): boolean {
    if (!o.dimensions) return true;
    const dims = this.dimensions;
    return (
      dims !== undefined &&
      dims.length === o.dimensions.length &&
      o.dimensions.every(([lo, hi], i) => lo <= dims[i]![0] && dims[i]![1] <= hi)
    );
  }

  /** Every shape `o` allows, this one allows too. */
  relaxes(o: PartialShape): boolean {
    return o.refines(this);
  }

  /** Some shape is allowed by both. */
  compatible(o: PartialShape): boolean {
    return this.merge(o) !== undefined;
  }

  /** Whether sizes are among those this shape allows. */
  accepts(shape: readonly number[]): boolean {
    return (
      !this.dimensions ||
      (shape.length === this.dimensions.length && this.dimensions.every(([lo, hi], i) => lo <= shape[i]! && shape[i]! <= hi))
    );
  }

  /** The shapes that both allow; undefined if there are none. */
  merge(o: PartialShape): PartialShape | undefined {
    if (!this.dimensions) return o;
    if (!o.dimensions) return this;
    if (this.dimensions.length !== o.dimensions.length) return undefined;
    const dims = this.dimensions.map(([lo, hi], i): Range => [Math.max(lo, o.dimensions![i]![0]), Math.min(hi, o.dimensions![i]![1])]);
    return dims.every(([lo, hi]) => lo <= hi) ? PartialShape.from(dims) : undefined;
  }
}

printedAs(PartialShape, (s) => `PartialShape ${s}`);
noArguments(PartialShape, ['isStatic', 'isDynamic', 'toString', 'getDimensions']);

/** One interval as text. */
export function printRange([lo, hi]: Range): string {
  if (lo === hi) return String(lo);
  if (hi === Infinity) return lo <= 0 ? '?' : `${lo}..`;
  return lo <= 0 ? `..${hi}` : `${lo}..${hi}`;
}

function clamp([lo, hi]: Range): Range {
  return [Math.max(0, lo), Math.max(0, hi)];
}

function rangeOf(d: DimensionValue): Range {
  if (Array.isArray(d) && d.length === 2 && d.every(Number.isInteger))
    return interval(d[0] as number, d[1] === -1 ? Infinity : (d[1] as number));
  if (typeof d !== 'number' || !Number.isInteger(d))
    throw new CuveeError('ARGUMENT_INVALID', `${d} is no dimension: an integer was expected`);
  return d === -1 ? [0, Infinity] : [Math.max(0, d), Math.max(0, d)];
}

function interval(lo: number, hi: number): Range {
  const low = Math.max(0, lo),
    high = hi >= INT64_MAX ? Infinity : hi;
  return low > high || low >= INT64_MAX ? [0, Infinity] : [low, high];
}

function parseDims(text: string): readonly Range[] | undefined {
  const trimmed = text.trim();
  const inner = (trimmed.startsWith('[') && trimmed.endsWith(']') && trimmed.length > 1 ? trimmed.slice(1, -1) : trimmed).trim();
  if (inner === '...') return undefined;
  return inner === '' ? [] : inner.split(',').map((part) => parseDimension(part.trim(), text));
}

/** One dimension's text: `7`, `?`, `-1`, `a..b`, `a..`, `..b`, `..`. */
export function parseDimension(part: string, whole = part): Range {
  if (part === '?' || part === '-1') return [0, Infinity];
  const size = Number(part);
  if (size > 0 && Number.isSafeInteger(size) && String(size) === part) return interval(size, size); // most are plain; no expression is compiled for them
  if (/^-?\d+$/.test(part)) {
    const n = Number(part);
    return n >= INT64_MAX ? [0, Infinity] : interval(n, Math.max(0, n));
  }
  const found = /^(\d*)\.\.(\d*)$/.exec(part);
  if (!found)
    throw new CuveeError(
      'ARGUMENT_INVALID',
      `${JSON.stringify(whole)} is no shape: ${JSON.stringify(part)} is neither a size, ?, -1 nor a range a..b`,
    );
  return interval(found[1] === '' ? 0 : Number(found[1]), found[2] === '' ? Infinity : Number(found[2]));
}
