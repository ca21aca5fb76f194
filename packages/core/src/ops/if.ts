import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import type { Model } from '../ir/model.js';
import { conditionOf, joinElements, select, type Condition, type Shape } from '../shape/index.js';
import type { NdArray } from '../tensor/nd.js';
import { numberOf } from '../tensor/nd.js';
import { body, ports, type PortMapping } from './attributes.js';
import { inlined, nonNegative, outward, parameterFacts } from './body.js';
import { any, many, numericOrBoolean, op, port } from './op.js';

/** Facts of the outputs after one branch, in the order of the outer outputs. */
function branch(
  ctx: Infer,
  model: Model,
  inputs: readonly PortMapping[],
  outputs: readonly PortMapping[],
  facts: readonly Fact[],
): readonly Fact[] {
  model.inferWithin(ctx.scope.child(), parameterFacts(model, inputs, facts));
  return byExternal(outputs).map(({ internal, external }) => {
    const { fact } = (model.results[internal] as Model['results'][number]).output;
    return { ...fact, shape: outward(ctx, model, fact.shape, external) };
  });
}

const byExternal = (rows: readonly PortMapping[]): readonly PortMapping[] =>
  rows.filter((r) => r.external >= 0).sort((a, b) => a.external - b.external);

/** The shape after either branch: equal sizes, sizes chosen by a condition on sizes, or sizes that only the run tells. */
function joined(ctx: Infer, a: Shape, b: Shape, p: Condition | undefined, output: number): Shape {
  if (!a || !b || a.length !== b.length) return undefined;
  return a.map((x, axis) => {
    const y = b[axis] as typeof x;
    if (x === y) return x;
    if (p !== undefined) return select(p, x, y);
    const [alo, ahi] = nonNegative(ctx, x);
    const [blo, bhi] = nonNegative(ctx, y);
    return ctx.fresh(axis, [Math.min(alo, blo), Math.max(ahi, bhi)], output);
  });
}

/** A condition that is known beforehand. */
export function knownCondition({ value, elements }: Fact): boolean | undefined {
  const known = value ? Number(value.nd().data[0]) : elements?.[0];
  return typeof known === 'number' || typeof known === 'boolean' ? Boolean(known) : undefined;
}

/**
 * Runs one of two bodies. `inputs` holds the outer inputs 1, 2, …; the port maps say which of them (by their index among all inputs,
 * the condition being 0) a branch's parameter takes and which of its results an output is.
 * Spec: OpenVINO If-8.
 */
export const If = op('If', {
  attributes: {
    then_body: body(),
    then_inputs: ports(),
    then_outputs: ports(),
    else_body: body(),
    else_inputs: ports(),
    else_outputs: ports(),
  },
  inputs: [port('condition', numericOrBoolean, 'one'), many('inputs', any)],
  outputs: [many('outputs', any)],
  since: { opset8: {} },

  infer({ condition, inputs }, a, ctx) {
    const facts = [condition, ...inputs];
    const element = ctx.values(condition)?.[0];
    const p = element === undefined ? undefined : conditionOf(element);
    // a branch that is never taken need not fit the inputs
    const yes = p === false ? undefined : branch(ctx, a.then_body, a.then_inputs, a.then_outputs, facts);
    const no = p === true ? undefined : branch(ctx, a.else_body, a.else_inputs, a.else_outputs, facts);
    if (!yes || !no) return (yes ?? no) as readonly Fact[];
    if (yes.length !== no.length) ctx.fail(`the branches give ${yes.length} and ${no.length} outputs`);
    return yes.map((y, i) => {
      const n = no[i] as Fact;
      if (y.type !== n.type && y.type !== 'dynamic' && n.type !== 'dynamic')
        ctx.typeMismatch(`output ${i} is ${y.type} after one branch and ${n.type} after the other`);
      const elements = joinElements(ctx.values(y), ctx.values(n), p);
      return { type: y.type === 'dynamic' ? n.type : y.type, shape: joined(ctx, y.shape, n.shape, p, i), ...(elements && { elements }) };
    });
  },

  evaluate({ condition, inputs }, a, ctx) {
    const then = numberOf(condition) !== 0;
    const model = then ? a.then_body : a.else_body;
    const all = [condition, ...inputs];
    const args = new Array<NdArray>(model.parameters.length);
    for (const row of then ? a.then_inputs : a.else_inputs) args[row.internal] = all[row.external] as NdArray;
    const results = ctx.run(model, args);
    return byExternal(then ? a.then_outputs : a.else_outputs).map((row) => results[row.internal] as NdArray);
  },

  /** A condition known beforehand leaves one branch, put in the place of the whole. */
  decompose(g, { condition, inputs }, a) {
    const then = knownCondition(condition.fact);
    if (then === undefined) return undefined;
    const model = then ? a.then_body : a.else_body;
    const all = [condition, ...inputs];
    const args = new Array<(typeof all)[number]>(model.parameters.length);
    for (const row of then ? a.then_inputs : a.else_inputs) args[row.internal] = all[row.external] as (typeof all)[number];
    const results = inlined(g, model, args);
    return byExternal(then ? a.then_outputs : a.else_outputs).map((row) => results[row.internal] as (typeof all)[number]);
  },

  traits: { control: true },
});
