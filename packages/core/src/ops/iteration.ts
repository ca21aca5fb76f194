/** @file What Loop and TensorIterator share: sliced inputs, carried values, collected outputs. */
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import type { EvaluateContext } from '../ir/interpret.js';
import type { Model } from '../ir/model.js';
import type { Node, Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { add, floorDiv, isEqual, max, min, mul, select, sub, type Dim, type Range, type Shape } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { Literal } from '../tensor/literal.js';
import { moved, sizeOf, type NdArray } from '../tensor/nd.js';
import type { PortMapping } from './attributes.js';
import { inlined, nonNegative, outsideOf, parameterFacts } from './body.js';
import { taken } from './movement.js';

/** A body with its maps, as the attributes give them. */
export interface Iteration {
  readonly body: Model;
  readonly inputs: readonly PortMapping[];
  readonly outputs: readonly PortMapping[];
}

/** Sweeps of inference over a body before every carried dimension that moved counts as unknown. */
const sweeps = 4;

/** Number of parts that a sliced input has: its range is start..end counted like slices that include the last place (-1 is the end). */
export function partCount(row: PortMapping, length: Dim): Dim {
  const edge = (at: number): Dim => (at < 0 ? add(length, at + 1) : at);
  const start = edge(row.start ?? 0);
  const end = edge(row.end ?? -1);
  const stride = row.stride ?? 1;
  return max(0, floorDiv(stride > 0 ? sub(end, start) : sub(start, end), Math.abs(stride)));
}

/** First place of part i. */
function partStart(row: PortMapping, length: number, i: number): number {
  const start = row.start ?? 0;
  const from = start < 0 ? length + start + 1 : start;
  const stride = row.stride ?? 1;
  return stride > 0 ? from + i * stride : from + i * stride - (row.partSize ?? 1);
}

/** Number of turns as the sliced inputs say; undefined where nothing is sliced. */
export function slicedTrips(it: Iteration, inputs: readonly Fact[]): Dim | undefined {
  const counts = it.inputs.flatMap((row) => {
    const length =
      row.axis === undefined || row.backEdge !== undefined
        ? undefined
        : inputs[row.external]?.shape?.[axisOf(row.axis, inputs[row.external]?.shape?.length ?? 0)];
    return length === undefined ? [] : [partCount(row, length)];
  });
  return counts.length === 0 ? undefined : min(...(counts as [Dim, ...Dim[]]));
}

const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** What a carried value is during inference: known not to change (`fixed`), or a symbol per dimension that does. */
interface Carried {
  readonly row: PortMapping;
  readonly seed: Fact;
  shape: Shape;
}

/**
 * Facts of the outer outputs. Carried shapes start as the seeds; dimensions that the body changes become symbols of the body's parameters
 * whose ranges open on the side that the body leaves, until what the body gives lies within what it takes.
 */
export function inferIteration(
  ctx: Infer,
  it: Iteration,
  inputs: readonly Fact[],
  trips: (body: Model) => Dim | undefined,
): readonly Fact[] {
  const { body } = it;
  const base = parameterFacts(body, it.inputs, inputs);
  for (const row of it.inputs) {
    const fact = base[row.internal];
    if (fact && row.axis !== undefined && row.backEdge === undefined) {
      const at = axisOf(row.axis, fact.shape?.length ?? 0);
      base[row.internal] = { type: fact.type, shape: fact.shape?.map((d, i) => (i === at ? (row.partSize ?? 1) : d)) };
    }
  }
  const carried = it.inputs.flatMap((row): Carried[] => {
    const seed = base[row.internal];
    return row.backEdge === undefined || !seed ? [] : [{ row, seed, shape: seed.shape }];
  });
  const result = (internal: number): Fact => (body.results[internal] as Node).output.fact;
  for (let sweep = 1; ; sweep++) {
    for (const c of carried) base[c.row.internal] = { type: c.seed.type, shape: c.shape };
    body.inferWithin(ctx.scope.child(), base);
    if (!carried.map((c) => widen(ctx, c, body, result(c.row.backEdge as number).shape, sweep >= sweeps)).some(Boolean)) break;
  }
  const turns = trips(body);
  const outside = outsideOf(body);
  const known = turns !== undefined && outside(turns) ? turns : undefined;
  const outputs = [...it.outputs].filter((r) => r.external >= 0).sort((a, b) => a.external - b.external);
  // Turns that only the run tells are read off the first output that collects one place per turn.
  let counted: Dim | undefined = known;
  return outputs.map((row, output) => {
    const { type, shape } = result(row.internal);
    const back = carried.find((c) => c.row.backEdge === row.internal);
    if (back && row.axis === undefined) return { type, shape: afterLast(ctx, back, shape, known, outside, output) };
    const seen = shape?.map((d, axis) => (outside(d) ? d : ctx.fresh(axis, nonNegative(ctx, d), output)));
    if (row.axis === undefined || !seen) return { type, shape: seen };
    const at = axisOf(row.axis, seen.length);
    if (counted === undefined && seen[at] === 1) counted = ctx.fresh(at, undefined, output);
    const length = counted === undefined ? ctx.fresh(at, undefined, output) : mul(counted, seen[at] as Dim);
    return { type, shape: seen.map((d, i) => (i === at ? length : d)) };
  });
}

/** Opens what a body's turn leaves. True: infer again. */
function widen(ctx: Infer, c: Carried, body: Model, next: Shape, last: boolean): boolean {
  if (!c.shape) return false;
  if (!next || next.length !== c.shape.length) {
    c.shape = undefined;
    return true;
  }
  const { seed } = c;
  let changed = false;
  c.shape = c.shape.map((d, axis) => {
    const f = next[axis] as Dim;
    const [lo, hi] = nonNegative(ctx, d);
    const [flo, fhi] = nonNegative(ctx, f);
    const first = seed.shape?.[axis] === d;
    if (f === d || (!first && flo >= lo && fhi <= hi)) return d;
    changed = true;
    const range: Range = last ? [0, Number.POSITIVE_INFINITY] : [flo < lo ? 0 : lo, fhi > hi ? Number.POSITIVE_INFINITY : hi];
    const parameter = body.parameters[c.row.internal] as Node;
    return ctx.scope.symbol({ kind: 'input', port: parameter.id, axis }, range, `${parameter.name}.${axis}`);
  });
  return changed;
}

/** A carried shape when the last turn is over: unchanged, grown by so much each turn, what each turn makes of it, or unknown. */
function afterLast(ctx: Infer, c: Carried, next: Shape, trips: Dim | undefined, outside: (d: Dim) => boolean, output: number): Shape {
  const first = c.seed.shape;
  if (!first || !c.shape || !next || next.length !== first.length) return undefined;
  return next.map((f, axis) => {
    const d = (c.shape as readonly Dim[])[axis] as Dim;
    const seed = first[axis] as Dim;
    if (f === d) return seed;
    const step = sub(f, d);
    if (trips !== undefined && outside(step)) return add(seed, mul(trips, step));
    if (trips !== undefined && outside(f)) return select(isEqual(trips, 0), seed, f);
    const [lo, hi] = nonNegative(ctx, f);
    const [slo, shi] = nonNegative(ctx, seed);
    return ctx.fresh(axis, [Math.min(lo, slo), Math.max(hi, shi)], output);
  });
}

/** Runs the body turn by turn, `trips` times at most and as long as its condition holds. */
export function iterate(
  ctx: EvaluateContext,
  it: Iteration,
  inputs: readonly NdArray[],
  trips: number,
  condition: boolean,
): readonly NdArray[] {
  const { body } = it;
  const args = new Array<NdArray>(body.parameters.length);
  const carried = new Map<number, NdArray>();
  for (const row of it.inputs) {
    if (row.external < 0) continue;
    const outer = inputs[row.external] as NdArray;
    args[row.internal] = outer;
    if (row.backEdge !== undefined) carried.set(row.backEdge, outer);
  }
  const collected = new Map<number, NdArray[]>();
  let results: readonly NdArray[] = [];
  let going = condition;
  for (let turn = 0; going && turn < trips; turn++) {
    for (const row of it.inputs) {
      if (row.purpose === 'current_iteration') args[row.internal] = counter(body, row, turn);
      else if (row.backEdge !== undefined) args[row.internal] = carried.get(row.backEdge) as NdArray;
      else if (row.axis !== undefined) args[row.internal] = part(row, inputs[row.external] as NdArray, turn);
    }
    results = ctx.run(body, args);
    for (const row of it.outputs) {
      const value = results[row.internal] as NdArray;
      if (row.purpose === 'execution_condition') going = Number(value.data[0]) !== 0;
      else if (row.axis !== undefined) collected.set(row.external, [...(collected.get(row.external) ?? []), value]);
    }
    for (const key of carried.keys()) carried.set(key, results[key] as NdArray);
  }
  return [...it.outputs]
    .filter((r) => r.external >= 0)
    .sort((a, b) => a.external - b.external)
    .map((row) => {
      if (row.axis !== undefined) return joined(ctx, body, row, collected.get(row.external) ?? []);
      const value = results[row.internal] ?? carried.get(row.internal);
      if (!value) throw new CuveeError('ARGUMENT_INVALID', `output ${row.external} is the value of a last turn, but there was none`);
      return value;
    });
}

function counter(body: Model, row: PortMapping, turn: number): NdArray {
  const { type, shape } = (body.parameters[row.internal] as Node).output.fact;
  return Literal.from(type, shape?.length === 1 ? [1] : [], [turn]).nd();
}

function part(row: PortMapping, outer: NdArray, turn: number): NdArray {
  const axis = axisOf(row.axis as number, outer.shape.length);
  const from = partStart(row, outer.shape[axis] as number, turn);
  return taken(
    outer,
    axis,
    Array.from({ length: row.partSize ?? 1 }, (_, i) => from + i),
  );
}

/** The turns' values one after the other along the row's axis, the last first where its stride is negative. */
function joined(ctx: EvaluateContext, body: Model, row: PortMapping, parts: readonly NdArray[]): NdArray {
  const [first] = parts;
  if (!first) {
    const { type, shape } = (body.results[row.internal] as Node).output.fact;
    const at = axisOf(row.axis as number, shape?.length ?? 1);
    const sizes = (ctx.outputs[row.external]?.shape ?? shape ?? [0]).map((d, i) => (i === at || typeof d !== 'number' ? 0 : d));
    return Literal.from(type, sizes, []).nd();
  }
  const axis = axisOf(row.axis as number, first.shape.length);
  const ordered = (row.stride ?? 1) < 0 ? [...parts].reverse() : parts;
  const out = moved(
    first,
    first.shape.map((d, i) => (i === axis ? ordered.reduce((sum, p) => sum + (p.shape[axis] as number), 0) : d)),
  );
  const outer = sizeOf(first.shape.slice(0, axis));
  let to = 0;
  for (let o = 0; o < outer; o++) {
    for (const p of ordered) {
      const run = sizeOf(p.shape.slice(axis));
      for (let i = 0; i < run; i++) out.data[to++] = p.data[o * run + i] as never;
    }
  }
  return out;
}

/** Nodes that unrolling may make. */
const unrolledNodes = 4096;

/** The turns one after the other in the graph around the body, for a known number of at least one; undefined where that is too much. */
export function unrolled(g: Builder, it: Iteration, inputs: readonly Value[], trips: number): readonly Value[] | undefined {
  const { body } = it;
  if (trips < 1 || trips * body.nodes().length > unrolledNodes || body.sinks.length > 0) return undefined;
  const lengthOf = (row: PortMapping): Dim | undefined => {
    const { shape } = (inputs[row.external] as Value).fact;
    return shape?.[axisOf(row.axis as number, shape.length)];
  };
  const sliced = it.inputs.filter((row) => row.axis !== undefined && row.backEdge === undefined);
  if (sliced.some((row) => typeof lengthOf(row) !== 'number')) return undefined;
  const args = new Array<Value>(body.parameters.length);
  const carried = new Map<number, Value>();
  for (const row of it.inputs) {
    if (row.external < 0) continue;
    args[row.internal] = inputs[row.external] as Value;
    if (row.backEdge !== undefined) carried.set(row.backEdge, inputs[row.external] as Value);
  }
  const collected = new Map<number, Value[]>();
  let results: readonly Value[] = [];
  for (let turn = 0; turn < trips; turn++) {
    for (const row of it.inputs) {
      if (row.purpose === 'current_iteration') args[row.internal] = g.constant(Literal.fromNd(counter(body, row, turn)));
      else if (row.backEdge !== undefined) args[row.internal] = carried.get(row.backEdge) as Value;
      else if (row.axis !== undefined) {
        const from = partStart(row, lengthOf(row) as number, turn);
        args[row.internal] = g.slice(
          inputs[row.external] as Value,
          g.ints([from]),
          g.ints([from + (row.partSize ?? 1)]),
          g.ints([1]),
          g.ints([row.axis]),
        );
      }
    }
    results = inlined(g, body, args);
    for (const row of it.outputs)
      if (row.axis !== undefined) collected.set(row.external, [...(collected.get(row.external) ?? []), results[row.internal] as Value]);
    for (const key of carried.keys()) carried.set(key, results[key] as Value);
  }
  return [...it.outputs]
    .filter((r) => r.external >= 0)
    .sort((a, b) => a.external - b.external)
    .map((row) => {
      if (row.axis === undefined) return results[row.internal] as Value;
      const parts = collected.get(row.external) as Value[];
      return parts.length === 1 ? (parts[0] as Value) : g.concat((row.stride ?? 1) < 0 ? [...parts].reverse() : parts, { axis: row.axis });
    });
}
