/** @file The compiler: model → rewritten model → draft → Plan. Read top to bottom. */
import { CuveeError, foldConstants, rewrite, shape, type Model, type Node, type Value } from '@cuvee/core';
import { canonicalRules } from '../fuse/canonical.js';
import { fusionRules } from '../fuse/fusions.js';
import { fuseElementwise } from '../fuse/elementwise.js';
import { lowerings } from '../lower/index.js';
import type { Plan } from '../plan/plan.js';
import { Draft, symbolKey } from './draft.js';
import { finish, type Isa, type Programs } from './finish.js';
import { knownElements, LoweringContext } from './lowering.js';
import { removeUnused } from './unused.js';

/** What became of a model, for `explain`. */
export interface Compiled {
  readonly plan: Plan;
  /** Shape programs, for the messages of their guards. */
  readonly programs: Programs;
  /** How often each rule fired. */
  readonly rules: ReadonlyMap<string, number>;
  /** The rewritten model that was lowered. */
  readonly model: Model;
}

/** Compiles a model that the device owns. Throws MODEL_UNSUPPORTED naming every node that has no kernel. */
export function compile(model: Model, isa: Isa): Compiled {
  const rules = prepare(model);
  return { ...finish(lower(model, isa), isa, undefined), rules, model };
}

/** Rewrites in place: folding, canonical forms, fusions, elementwise programs. Bodies too. */
export function prepare(model: Model): ReadonlyMap<string, number> {
  for (const node of model.nodes()) for (const attribute of Object.values(node.attributes)) if (isModel(attribute)) prepare(attribute);
  foldConstants(model);
  const counts = new Map(rewrite(model, canonicalRules));
  foldConstants(model);
  for (const [name, n] of rewrite(model, fusionRules)) counts.set(name, (counts.get(name) ?? 0) + n);
  fuseElementwise(model);
  return counts;
}

const isModel = (x: unknown): x is Model => typeof x === 'object' && x !== null && 'parameters' in x && 'results' in x;

/** Nodes that have no lowering, each with the reason. */
export function refusals(model: Model): readonly { readonly node: Node; readonly reason: string }[] {
  return model.nodes().flatMap((node) => {
    const reason = refusal(node);
    return reason === undefined ? [] : [{ node, reason }];
  });
}

/** Why a node cannot run here, or undefined: the one predicate of `query` and `compile`. */
export function refusal(node: Node): string | undefined {
  if (node.op.name === 'Parameter' || node.op.name === 'Result' || node.op.name === 'Constant') return node.output.fact.shape ? undefined : 'its rank is unknown';
  if (node.outputs.some((v) => v.fact.shape === undefined) || node.inputs.some((v) => v && v.fact.shape === undefined)) return 'a tensor of unknown rank';
  const string = [...node.inputs, ...node.outputs].find((v) => v?.fact.type === 'string' || v?.fact.type === 'dynamic');
  if (string) return `element type ${string.fact.type}`;
  if (needsNoStep(node)) return undefined;
  const lowering = lowerings[node.op.name];
  return lowering ? lowering.refuse?.(node) : 'no kernel';
}

/** Whether all that a node makes is known as constants or sizes before it would run. */
const needsNoStep = (node: Node): boolean => !node.op.traits.impure && node.outputs.every((v) => v.fact.value !== undefined || knownElements(v.fact) !== undefined);

function lower(model: Model, isa: Isa): Draft {
  const refused = refusals(model);
  if (refused.length > 0) throw unsupported(model, refused);
  const draft = new Draft(model.scope.guards);
  const results = new Map<Value, number[]>();
  model.results.forEach((r, i) => results.set(r.input(0), [...(results.get(r.input(0)) ?? []), i]));
  const context = new LoweringContext(draft, model.scope, isa.block, results, (body) => lower(body, isa));
  model.parameters.forEach((p, index) => defineInput(context, p, index));
  for (const node of model.nodes()) {
    if (node.op.name === 'Parameter' || node.op.name === 'Result' || needsNoStep(node)) continue;
    context.node = node;
    try {
      lowerings[node.op.name]?.lower(context);
    } catch (error) {
      throw CuveeError.wrap(`lowering ${node.op.name} "${node.name}"`, error);
    }
  }
  model.results.forEach((r, index) => {
    context.node = r;
    context.finishResult(r.input(0), index);
  });
  removeUnused(draft);
  return draft;
}

function defineInput(context: LoweringContext, parameter: Node, index: number): void {
  const { fact } = parameter.output;
  const id = context.draft.addTensor({ type: fact.type, layout: 'plain', storage: { kind: 'input', index }, dims: fact.shape ?? [], name: parameter.name });
  context.draft.inputs.push(id);
  context.define(parameter.output, 'plain', id);
  fact.shape?.forEach((d, axis) => {
    if (typeof d !== 'number') for (const origin of shape.originsOf(d)) context.draft.bindings.set(symbolKey(origin), { kind: 'dim', tensor: id, at: axis });
  });
}

function unsupported(model: Model, refused: readonly { readonly node: Node; readonly reason: string }[]): CuveeError {
  const kinds = new Map<string, number>();
  for (const { node, reason } of refused) kinds.set(`${node.op.name} (${reason})`, (kinds.get(`${node.op.name} (${reason})`) ?? 0) + 1);
  const list = [...kinds].map(([kind, n]) => (n === 1 ? kind : `${kind} × ${n}`)).join(', ');
  const first = refused[0]?.node;
  return new CuveeError('MODEL_UNSUPPORTED', `device CPU cannot run "${model.name}": ${list}; first at "${first?.name}"`, { op: first?.op.name, node: first?.name });
}

