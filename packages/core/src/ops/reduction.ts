/** @file What the reductions share: axes from an input, shapes with and without the reduced dimensions, value facts. */
import { inferAxis } from './movement.js';
import { CuveeError } from '../errors.js';
import { staticShape, type Element, type Fact } from '../ir/fact.js';
import { elementsOf, type Infer } from '../ir/infer.js';
import { reduceElements, type Shape } from '../shape/index.js';
import { emptyElements, type Elements } from '../tensor/convert.js';
import { normalizeAxis, numbersOf, sizeOf, stridedOffsets, stridesOf, type NdArray } from '../tensor/nd.js';
import { bool } from './attributes.js';
import { holdsSizes, isWide, toBigInt } from './elementwise.js';
import { current, index, numeric, op, port, type Op, type TypeClass } from './op.js';

/** How elements are joined: `start`, then `step` for each, then `finish` with their number. */
export interface Reducer<T> {
  readonly start: T;
  readonly step: (sum: T, x: T) => T;
  readonly finish?: (sum: T, count: number) => T;
}

/** The shape after reducing `axes` (undefined: not known before the run). */
export function reducedShape(ctx: Infer, data: Shape, axes: readonly number[] | undefined, keep: boolean, count?: number): Shape {
  if (!data) return undefined;
  if (axes) {
    const at = new Set(axes.map((a) => inferAxis(ctx, a, data.length)));
    if (at.size !== axes.length) ctx.fail(`axes ${axes.join(',')} repeat`);
    return keep ? data.map((d, i) => (at.has(i) ? 1 : d)) : data.filter((_, i) => !at.has(i));
  }
  if (keep) return ctx.freshShape(data.length);
  return count === undefined ? undefined : ctx.freshShape(Math.max(0, data.length - count));
}

/** Reduces the given axes; the result keeps them as 1 when `keep`. `finish` also runs for empty slices. */
export function reduce(data: NdArray, axes: readonly number[], keep: boolean, number: Reducer<number>, bigint?: Reducer<bigint>): NdArray {
  const at = new Set(axes.map((a) => normalizeAxis(a, data.shape.length)));
  if (at.size !== axes.length) throw new CuveeError('ARGUMENT_INVALID', `axes ${axes.join(',')} repeat`);
  const strides = stridesOf(data.shape);
  const pick = <T>(list: readonly T[], reduced: boolean): T[] => list.filter((_, i) => at.has(i) === reduced);
  const outer = stridedOffsets(pick(data.shape, false), pick(strides, false));
  const inner = stridedOffsets(pick(data.shape, true), pick(strides, true));
  const out = emptyElements(data.type, outer.length) as unknown as (number | bigint)[];
  const fold = <T>(r: Reducer<T>, read: (i: number) => T): T[] =>
    Array.from(outer, (base) => {
      let sum = r.start;
      for (let i = 0; i < inner.length; i++) sum = r.step(sum, read(base + (inner[i] as number)));
      return r.finish ? r.finish(sum, inner.length) : sum;
    });
  const results: readonly (number | bigint)[] = !isWide(data.type)
    ? fold(number, (i) => data.data[i] as number)
    : bigint
      ? fold(bigint, (i) => data.data[i] as bigint)
      : fold(number, (i) => Number(data.data[i])).map(toBigInt);
  results.forEach((x, i) => {
    out[i] = x;
  });
  const shape = keep ? data.shape.map((d, i) => (at.has(i) ? 1 : d)) : pick(data.shape, false);
  return { type: data.type, shape, data: out as unknown as Elements };
}

/** A room that reduces `data` over the axes of its second input. */
export function reduction(
  name: string,
  fn: {
    readonly number: Reducer<number>;
    readonly bigint?: Reducer<bigint>;
    readonly symbolic?: Parameters<typeof reduceElements>[1];
    readonly start?: (type: NdArray['type']) => { number?: number; bigint?: bigint };
  },
  extra: { readonly types?: TypeClass; readonly since?: number } = {},
): Op {
  const types = extra.types ?? numeric;
  return op(name, {
    attributes: { keep_dims: bool(false) },
    inputs: [port('data', types), port('axes', index)],
    outputs: [port('output', types)],
    since: { [`opset${extra.since ?? 1}`]: current },
    infer({ data, axes }, { keep_dims }, ctx) {
      const known = ctx.constants(axes);
      const count = staticShape(axes.shape);
      const shape = reducedShape(ctx, data.shape, known, keep_dims, count && sizeOf(count));
      const elements = known && fn.symbolic && reduceKnown(data, known, fn.symbolic);
      return { type: data.type, shape, ...(elements && { elements }) };
    },
    evaluate({ data, axes }, { keep_dims }) {
      const start = fn.start?.(data.type) ?? {};
      const number = start.number === undefined ? fn.number : { ...fn.number, start: start.number };
      const bigint = fn.bigint && start.bigint !== undefined ? { ...fn.bigint, start: start.bigint } : fn.bigint;
      return reduce(data, numbersOf(axes), keep_dims, number, bigint);
    },
  });
}

/** A 1-D list of elements reduced to one. */
function reduceKnown(data: Fact, axes: readonly number[], how: Parameters<typeof reduceElements>[1]): readonly Element[] | undefined {
  const elements = elementsOf(data);
  return elements && (holdsSizes(data.type) || data.type === 'boolean') && data.shape?.length === 1 && axes.length === 1
    ? [reduceElements(elements, how)]
    : undefined;
}
