/** @file What the elementwise rooms share: loops over broadcast elements, types, value facts. */
import type { Element, Fact } from '../ir/fact.js';
import { staticShape } from '../ir/fact.js';
import { elementsOf, type Infer } from '../ir/infer.js';
import type { Builder } from '../opset/builder.js';
import type { Value } from '../ir/node.js';
import { isExpr, type BroadcastRule, type Dim } from '../shape/index.js';
import type { ElementType } from '../tensor/element.js';
import { emptyElements } from '../tensor/convert.js';
import { broadcastOffsets, broadcastShapes, sizeOf, type NdArray } from '../tensor/nd.js';
import { int, oneOf, type Attributes } from './attributes.js';
import { numeric, op, port, type Op, type Traits, type TypeClass } from './op.js';

/** How an elementwise function computes: on numbers, and on BigInts where 64-bit integers need all their bits. */
export interface BinaryFunction {
  readonly number: (a: number, b: number, type: ElementType) => number;
  /** Falls back to `number` on values converted when absent. */
  readonly bigint?: (a: bigint, b: bigint) => bigint;
  /** On dimensions, for value facts. */
  readonly symbolic?: (a: Dim, b: Dim) => Element;
}

/** Attribute of every binary room. */
export const autoBroadcast = oneOf(['numpy', 'none', 'pdpd'], 'numpy');

/** Applies `fn` to two arrays under NumPy broadcasting. */
export function zip(a: NdArray, b: NdArray, type: ElementType, fn: (x: never, y: never) => number | bigint): NdArray {
  const shape = broadcastShapes(a.shape, b.shape);
  const data = emptyElements(type, sizeOf(shape)) as unknown as (number | bigint)[];
  const same = a.data.length === data.length && b.data.length === data.length;
  const ia = same ? undefined : broadcastOffsets(a.shape, shape);
  const ib = same ? undefined : broadcastOffsets(b.shape, shape);
  for (let i = 0; i < data.length; i++) data[i] = fn(a.data[ia ? (ia[i] as number) : i] as never, b.data[ib ? (ib[i] as number) : i] as never);
  return { type, shape, data: data as unknown as NdArray['data'] };
}

/** Applies `fn` to each element. */
export function map(a: NdArray, type: ElementType, fn: (x: never) => number | bigint): NdArray {
  const data = emptyElements(type, a.data.length) as unknown as (number | bigint)[];
  for (let i = 0; i < data.length; i++) data[i] = fn(a.data[i] as never);
  return { type, shape: a.shape, data: data as unknown as NdArray['data'] };
}

const wide = (type: ElementType): boolean => type === 'i64' || type === 'u64';

/** Arithmetic on two broadcast arrays of one type; 64-bit integers stay exact when `fn.bigint` is given. */
export function arithmetic(a: NdArray, b: NdArray, fn: BinaryFunction): NdArray {
  const { type } = a;
  if (!wide(type)) return zip(a, b, type, (x: number, y: number) => fn.number(x, y, type));
  if (fn.bigint) return zip(a, b, type, fn.bigint);
  return zip(a, b, type, (x: bigint, y: bigint) => BigInt(Math.trunc(fn.number(Number(x), Number(y), type))));
}

/** Value facts of a binary room: element by element, unknown where either is. */
export function zipElements(a: Fact, b: Fact, fn: (x: Dim, y: Dim) => Element): readonly Element[] | undefined {
  const x = elementsOf(a);
  const y = elementsOf(b);
  const sa = staticShape(a.shape);
  const sb = staticShape(b.shape);
  if (!x || !y || !sa || !sb) return undefined;
  const shape = broadcastShapes(sa, sb);
  if (sizeOf(shape) > 64) return undefined;
  const ia = broadcastOffsets(sa, shape);
  const ib = broadcastOffsets(sb, shape);
  const dim = (e: Element): e is Dim => typeof e === 'number' || (e !== undefined && isExpr(e));
  return Array.from(ia, (offset, i) => {
    const p = x[offset];
    const q = y[ib[i] as number];
    return dim(p) && dim(q) ? fn(p, q) : undefined;
  });
}

/** The element type that both inputs have. Throws TYPE_MISMATCH. */
export function sameType(ctx: Infer, ...facts: readonly Fact[]): ElementType {
  const known = facts.filter((f) => f.type !== 'dynamic').map((f) => f.type);
  if (new Set(known).size > 1) ctx.typeMismatch(`inputs must have one element type, they are ${known.join(' and ')}`);
  return known[0] ?? 'dynamic';
}

/** A room for an arithmetic operation on two broadcast inputs of one type. */
export function binary(name: string, fn: BinaryFunction, extra: { types?: TypeClass; traits?: Traits; decompose?: (g: Builder, a: Value, b: Value) => Value } = {}): Op {
  const types = extra.types ?? numeric;
  return op(name, {
    attributes: { auto_broadcast: autoBroadcast, axis: int(-1) },
    inputs: [port('a', types), port('b', types)],
    outputs: [port('output', types)],
    infer({ a, b }, { auto_broadcast, axis }, ctx) {
      const shape = ctx.broadcast(a.shape, pdpdAligned(a, b, auto_broadcast, axis), broadcastRule(auto_broadcast));
      const elements = fn.symbolic && zipElements(a, b, fn.symbolic);
      return { type: sameType(ctx, a, b), shape, ...(elements && { elements }) };
    },
    evaluate: ({ a, b }, { auto_broadcast, axis }) => arithmetic(a, alignPdpd(a, b, auto_broadcast, axis), fn),
    ...(extra.decompose && { decompose: (g: Builder, { a, b }: { a: Value; b: Value }) => extra.decompose?.(g, a, b) }),
    traits: { elementwise: true, inPlace: 'a', ...extra.traits },
  });
}

export const broadcastRule = (word: string): BroadcastRule => (word === 'none' ? 'none' : 'numpy');

/** PDPD broadcasting: `b`'s shape, aligned at `axis` of `a` by ones at the end. */
function pdpdAligned(a: Fact, b: Fact, rule: string, axis: number): Fact['shape'] {
  if (rule !== 'pdpd' || !a.shape || !b.shape) return b.shape;
  return [...b.shape, ...new Array<number>(Math.max(0, a.shape.length - b.shape.length - pdpdStart(a.shape.length, b.shape.length, axis))).fill(1)];
}
function alignPdpd(a: NdArray, b: NdArray, rule: string, axis: number): NdArray {
  if (rule !== 'pdpd') return b;
  return { ...b, shape: [...b.shape, ...new Array<number>(Math.max(0, a.shape.length - b.shape.length - pdpdStart(a.shape.length, b.shape.length, axis))).fill(1)] };
}
const pdpdStart = (a: number, b: number, axis: number): number => (axis === -1 ? a - b : axis);

/** A room for a function of one element. */
export function unary(
  name: string,
  fn: { readonly number: (x: number, attributes: Attributes) => number; readonly bigint?: (x: bigint) => bigint; readonly symbolic?: (x: Dim) => Element },
  extra: { types?: TypeClass; traits?: Traits; xmlName?: string; decompose?: (g: Builder, x: Value) => Value | undefined; since?: Op['versions'][number]['opset'] } = {},
): Op {
  const types = extra.types ?? numeric;
  return op(name, {
    ...(extra.xmlName && { xmlName: extra.xmlName }),
    since: { [`opset${extra.since ?? 1}`]: {} },
    inputs: [port('data', types)],
    outputs: [port('output', types)],
    infer({ data }) {
      const elements = fn.symbolic && elementsOf(data)?.map((e) => (typeof e === 'number' || (e !== undefined && isExpr(e)) ? fn.symbolic?.(e) : undefined));
      return { type: data.type, shape: data.shape, ...(elements && { elements }) };
    },
    evaluate({ data }) {
      if (!wide(data.type)) return map(data, data.type, (x: number) => fn.number(x, {}));
      return fn.bigint ? map(data, data.type, fn.bigint) : map(data, data.type, (x: bigint) => BigInt(Math.trunc(fn.number(Number(x), {}))));
    },
    ...(extra.decompose && { decompose: (g: Builder, { data }: { data: Value }) => extra.decompose?.(g, data) }),
    traits: { elementwise: true, inPlace: 'data', ...extra.traits },
  });
}
