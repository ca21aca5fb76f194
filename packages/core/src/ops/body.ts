/** @file What the rooms with bodies share: facts that leave a body, and bodies put in place. */
import { CuveeError } from '../errors.js';
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import type { Model } from '../ir/model.js';
import type { Node, Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { Model as ModelClass } from '../ir/model.js';
import { originsOf, type Dim, type Origin, type Shape } from '../shape/index.js';
import type { PortMapping } from './attributes.js';

/** Facts of a body's parameters from the facts of the outer inputs, by its map; undefined where the body says itself. */
export function parameterFacts(body: Model, map: readonly PortMapping[], inputs: readonly Fact[]): (Fact | undefined)[] {
  const out = new Array<Fact | undefined>(body.parameters.length).fill(undefined);
  for (const row of map) {
    if (row.external >= inputs.length || row.internal >= body.parameters.length)
      throw new CuveeError(
        'MODEL_INVALID',
        `the map of body "${body.name}" ties input ${row.external} to parameter ${row.internal}, which is not there`,
      );
    const outer = row.external < 0 ? undefined : inputs[row.external];
    const own = body.parameters[row.internal];
    if (!outer || !own) continue;
    const type = outer.type === 'dynamic' ? own.output.fact.type : outer.type;
    if (outer.shape || type !== own.output.fact.type) out[row.internal] = { ...outer, type };
  }
  return out;
}

/** Ids of a body's nodes, nested bodies included. */
function nodeIds(body: Model, into: Set<number> = new Set()): Set<number> {
  for (const node of body.nodes()) {
    into.add(node.id);
    for (const value of Object.values(node.attributes)) if (value instanceof ModelClass) nodeIds(value, into);
  }
  return into;
}

/** Tells whether a dimension is made of symbols that exist outside the body too. */
export function outsideOf(body: Model): (d: Dim) => boolean {
  const ids = nodeIds(body);
  const inner = (o: Origin): boolean =>
    o.kind === 'input' ? ids.has(o.port) : o.kind === 'data' || o.kind === 'value' ? ids.has(Number(o.node)) : false;
  return (d) => typeof d === 'number' || ![...originsOf(d)].some(inner);
}

/** A body's result as the outside sees it: dimensions that only the body knows become ones that only the run tells. */
export function outward(ctx: Infer, body: Model, shape: Shape, output: number): Shape {
  const outside = outsideOf(body);
  return shape?.map((d, axis) => (outside(d) ? d : ctx.fresh(axis, nonNegative(ctx, d), output)));
}

/** Bounds of a dimension, from 0 on. */
export function nonNegative(ctx: Infer, d: Dim): [number, number] {
  const [lo, hi] = ctx.scope.bounds(d);
  return [Math.max(0, lo), Math.max(0, hi)];
}

/** The body's nodes copied into the graph around it, with `args` for its parameters: the values of its results. */
export function inlined(g: Builder, body: Model, args: readonly Value[]): readonly Value[] {
  const made = new Map<Value, Value>();
  body.parameters.forEach((p, i) => made.set(p.output, args[i] as Value));
  const of = (v: Value | undefined): Value | undefined => v && made.get(v);
  for (const node of body.nodes()) {
    if (body.parameters.includes(node)) continue;
    if (node.op.name === 'Result') made.set(node.output, of(node.inputs[0]) as Value);
    else g.node(node.op, node.inputs.map(of), given(node)).forEach((v, i) => made.set(node.outputs[i] as Value, v));
  }
  return body.results.map((r) => of(r.output) as Value);
}

const given = (node: Node): Record<string, unknown> => ({ ...node.attributes });
