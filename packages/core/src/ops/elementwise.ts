/** @file What the elementwise rooms share: loops over broadcast elements, types, value facts. */
import type { Element, Fact, FloatElement } from '../ir/fact.js';
import { staticShape } from '../ir/fact.js';
import { elementsOf, floatsOf, type Infer } from '../ir/infer.js';
import type { Builder } from '../opset/builder.js';
import type { Value } from '../ir/node.js';
import type { BroadcastRule } from '../shape/index.js';
import { isInteger, type ElementType } from '../tensor/element.js';
import { emptyElements } from '../tensor/convert.js';
import { broadcastOffsets, broadcastShapes, sizeOf, type NdArray } from '../tensor/nd.js';
import { int, oneOf, type AttributesOf, type Schema } from './attributes.js';
import { current, numeric, op, port, type Op, type Traits, type TypeClass } from './op.js';

/** How an elementwise function computes: on numbers, and on BigInts where 64-bit integers need all their bits. */
export interface BinaryFunction {
  readonly number: (a: number, b: number, type: ElementType) => number;
  /** Falls back to `number` on values converted when absent. */
  readonly bigint?: (a: bigint, b: bigint) => bigint;
  /** On elements that are known before the run. */
  readonly symbolic?: (a: Element, b: Element) => Element;
  /** On the elements of f32 tensors that sizes went into. */
  readonly floats?: (a: FloatElement, b: FloatElement) => FloatElement;
}

/** Attributes of every binary room: how the inputs are broadcast, and from which axis of the first under `pdpd`. */
export const broadcastAttributes = {
  auto_broadcast: oneOf(['numpy', 'none', 'pdpd'], 'numpy'),
  axis: int(-1, { xml: 'auto_broadcast.auto_broadcast_axis' }),
};

/** Applies `fn` to two arrays under NumPy broadcasting. */
export function zip(a: NdArray, b: NdArray, type: ElementType, fn: (x: never, y: never) => number | bigint): NdArray {
  const shape = broadcastShapes(a.shape, b.shape);
  const data = emptyElements(type, sizeOf(shape)) as unknown as (number | bigint)[];
  const same = a.data.length === data.length && b.data.length === data.length;
  const ia = same ? undefined : broadcastOffsets(a.shape, shape);
  const ib = same ? undefined : broadcastOffsets(b.shape, shape);
  for (let i = 0; i < data.length; i++)
    data[i] = fn(a.data[ia ? (ia[i] as number) : i] as never, b.data[ib ? (ib[i] as number) : i] as never);
  return { type, shape, data: data as unknown as NdArray['data'] };
}

/** Applies `fn` to each element. */
export function map(a: NdArray, type: ElementType, fn: (x: never) => number | bigint): NdArray {
  const data = emptyElements(type, a.data.length) as unknown as (number | bigint)[];
  for (let i = 0; i < data.length; i++) data[i] = fn(a.data[i] as never);
  return { type, shape: a.shape, data: data as unknown as NdArray['data'] };
}

/** Types whose elements are BigInts. */
export const isWide = (type: ElementType): boolean => type === 'i64' || type === 'u64';

/** Arithmetic on two broadcast arrays of one type; 64-bit integers stay exact when `fn.bigint` is given. */
export function arithmetic(a: NdArray, b: NdArray, fn: BinaryFunction): NdArray {
  const { type } = a;
  if (!isWide(type)) return zip(a, b, type, (x: number, y: number) => fn.number(x, y, type));
  if (fn.bigint) return zip(a, b, type, fn.bigint);
  return zip(a, b, type, (x: bigint, y: bigint) => toBigInt(fn.number(Number(x), Number(y), type)));
}

/** The types in which sizes are computed; arithmetic in narrower or unsigned ones wraps around, which value facts do not. */
export const holdsSizes = (type: ElementType): boolean => type === 'i64' || type === 'i32';

/** Known elements of two inputs joined under broadcasting; undefined where either input has none. */
export const zipElements = (a: Fact, b: Fact, fn: (x: Element, y: Element) => Element): readonly Element[] | undefined =>
  zipKnown(a, b, elementsOf(a), elementsOf(b), fn);

/** The same on f32 tensors that sizes went into; constants alone are left to folding. */
export const zipFloats = (a: Fact, b: Fact, fn: (x: FloatElement, y: FloatElement) => FloatElement): readonly FloatElement[] | undefined =>
  (a.floats ?? b.floats) ? zipKnown(a, b, floatsOf(a), floatsOf(b), fn) : undefined;

function zipKnown<T>(
  a: Fact,
  b: Fact,
  x: readonly T[] | undefined,
  y: readonly T[] | undefined,
  fn: (x: T, y: T) => T,
): readonly T[] | undefined {
  const sa = staticShape(a.shape);
  const sb = staticShape(b.shape);
  if (!x || !y || !sa || !sb) return undefined;
  const shape = broadcastShapes(sa, sb);
  if (sizeOf(shape) > 64) return undefined;
  const ia = broadcastOffsets(sa, shape);
  const ib = broadcastOffsets(sb, shape);
  return Array.from(ia, (offset, i) => fn(x[offset] as T, y[ib[i] as number] as T));
}

/** The element type that both inputs have. Throws TYPE_MISMATCH. */
export function sameType(ctx: Infer, ...facts: readonly Fact[]): ElementType {
  let known: ElementType = 'dynamic';
  for (let i = 0; i < facts.length; i++) {
    const { type } = facts[i] as Fact;
    if (type === 'dynamic' || type === known) continue;
    if (known !== 'dynamic')
      ctx.typeMismatch(
        `inputs must have one element type, they are ${facts.flatMap((f) => (f.type === 'dynamic' ? [] : [f.type])).join(' and ')}`,
      );
    known = type;
  }
  return known;
}

/** A room for an arithmetic operation on two broadcast inputs of one type. */
export function binary(
  name: string,
  fn: BinaryFunction,
  extra: { types?: TypeClass; traits?: Traits; since?: number; decompose?: (g: Builder, a: Value, b: Value) => Value } = {},
): Op {
  const types = extra.types ?? numeric;
  return op(name, {
    since: { [`opset${extra.since ?? 1}`]: current },
    attributes: broadcastAttributes,
    inputs: [port('a', types), port('b', types)],
    outputs: [port('output', types)],
    infer({ a, b }, { auto_broadcast, axis }, ctx) {
      const shape = ctx.broadcast(a.shape, pdpdAligned(a, b, auto_broadcast, axis), broadcastRule(auto_broadcast));
      const elements = fn.symbolic && holdsSizes(a.type) ? zipElements(a, b, fn.symbolic) : undefined;
      const floats = fn.floats && zipFloats(a, b, fn.floats);
      return { type: sameType(ctx, a, b), shape, ...(elements && { elements }), ...(floats && { floats }) };
    },
    evaluate: ({ a, b }, { auto_broadcast, axis }) => arithmetic(a, alignPdpd(a, b, auto_broadcast, axis), fn),
    decompose: (g, { a, b }, attributes) => numpyBroadcast(g, name, a, b, attributes) ?? extra.decompose?.(g, a, b),
    traits: { elementwise: true, inPlace: 'a', ...extra.traits },
  });
}

export const broadcastRule = (word: string): BroadcastRule => (word === 'none' ? 'none' : 'numpy');

/** PDPD broadcasting: `b`'s shape, aligned at `axis` of `a` by ones at the end. */
export function pdpdAligned(a: Fact, b: Fact, rule: string, axis: number): Fact['shape'] {
  if (rule !== 'pdpd' || !a.shape || !b.shape) return b.shape;
  return [
    ...b.shape,
    ...new Array<number>(Math.max(0, a.shape.length - b.shape.length - pdpdStart(a.shape.length, b.shape.length, axis))).fill(1),
  ];
}
/** The same for arrays. */
export function alignPdpd(a: NdArray, b: NdArray, rule: string, axis: number): NdArray {
  if (rule !== 'pdpd') return b;
  return {
    ...b,
    shape: [
      ...b.shape,
      ...new Array<number>(Math.max(0, a.shape.length - b.shape.length - pdpdStart(a.shape.length, b.shape.length, axis))).fill(1),
    ],
  };
}
/** The same in a graph; undefined while a rank is unknown. */
export function pdpdInGraph(g: Builder, a: Value, b: Value, axis: number): Value | undefined {
  const [rank, aligned] = [b.fact.shape?.length, pdpdAligned(a.fact, b.fact, 'pdpd', axis)?.length];
  if (!a.fact.shape || rank === undefined || aligned === undefined) return undefined;
  return aligned === rank ? b : g.unsqueeze(b, g.ints(Array.from({ length: aligned - rank }, (_, i) => rank + i)));
}
/** A binary operation under PDPD's rule as the same one under NumPy's: how devices that know only that one run it. */
export function numpyBroadcast(
  g: Builder,
  name: string,
  a: Value,
  b: Value,
  attributes: { readonly auto_broadcast: string; readonly axis: number },
): Value | undefined {
  const aligned = attributes.auto_broadcast === 'pdpd' ? pdpdInGraph(g, a, b, attributes.axis) : undefined;
  return aligned && g.node(name, [a, aligned], { ...attributes, auto_broadcast: 'numpy', axis: -1 })[0];
}
const pdpdStart = (a: number, b: number, axis: number): number => (axis === -1 ? a - b : axis);

/** A room for a function of one element, which its attributes may steer. Integers: the nearest one where `number` alone is given. */
export function unary<const S extends Schema = Record<never, never>>(
  name: string,
  fn: {
    readonly number: (x: number, attributes: AttributesOf<S>) => number;
    readonly bigint?: (x: bigint, attributes: AttributesOf<S>) => bigint;
    /** On elements that are known before the run. */
    readonly symbolic?: (x: Element, attributes: AttributesOf<S>) => Element;
    /** On the elements of f32 tensors that sizes went into. */
    readonly floats?: (x: FloatElement, attributes: AttributesOf<S>) => FloatElement;
  },
  extra: {
    readonly attributes?: S;
    readonly types?: TypeClass;
    readonly traits?: Traits;
    readonly xmlName?: string;
    readonly check?: (attributes: AttributesOf<S>) => string | undefined;
    readonly decompose?: (g: Builder, x: Value, attributes: AttributesOf<S>) => Value | undefined;
    /** Opset that introduced the operation; 1 when absent. */
    readonly since?: number;
  } = {},
): Op {
  const types = extra.types ?? numeric;
  const { decompose, check } = extra;
  return op(name, {
    ...(extra.xmlName && { xmlName: extra.xmlName }),
    attributes: extra.attributes ?? ({} as S),
    since: { [`opset${extra.since ?? 1}`]: current },
    inputs: [port('data', types)],
    outputs: [port('output', types)],
    ...(check && { check }),
    infer({ data }, attributes) {
      const elements = fn.symbolic && holdsSizes(data.type) ? elementsOf(data)?.map((e) => fn.symbolic?.(e, attributes)) : undefined;
      const floats = fn.floats && data.floats?.map((e) => fn.floats?.(e, attributes));
      return { type: data.type, shape: data.shape, ...(elements && { elements }), ...(floats && { floats }) };
    },
    evaluate({ data }, attributes) {
      if (!isWide(data.type))
        return map(
          data,
          data.type,
          isInteger(data.type) ? (x: number) => whole(fn.number(x, attributes), data.type) : (x: number) => fn.number(x, attributes),
        );
      if (fn.bigint) return map(data, data.type, (x: bigint) => fn.bigint?.(x, attributes) as bigint);
      return map(data, data.type, (x: bigint) => toBigInt(whole(fn.number(Number(x), attributes), data.type)));
    },
    ...(decompose && { decompose: (g: Builder, { data }: { data: Value }, attributes: AttributesOf<S>) => decompose(g, data, attributes) }),
    traits: { elementwise: true, inPlace: 'data', ...extra.traits },
  });
}

/** The nearest integer, 0 for NaN and infinities; within the range in which the type is computed, 64 bits for u32 and 32 for narrower ones. */
function whole(x: number, type: ElementType): number {
  if (!Number.isFinite(x)) return 0;
  const most = type === 'i64' || type === 'u32' ? 2 ** 63 : type === 'u64' ? 2 ** 64 : 2 ** 31;
  const nearest = Math.sign(x) * Math.round(Math.abs(x));
  return Math.max(type === 'u64' ? 0 : -most, Math.min(most > 2 ** 31 ? most : most - 1, nearest));
}

/** A result for a 64-bit integer array: truncated; 0 for NaN and infinities. */
export const toBigInt = (x: number): bigint => (Number.isFinite(x) ? BigInt(Math.trunc(x)) : 0n);
