/** @file The compiler: model → rewritten model → draft → Plan. Read top to bottom. */
import { atOnce, CuveeError, foldingConstants, rewriting, shape, stride, type Model, type Node, type Steps, type Value } from '@cuvee/core';
import { costs } from '../costs.js';
import { canonicalRules } from '../fuse/canonical.js';
import { fusionRules } from '../fuse/fusions.js';
import { fusingElementwise } from '../fuse/elementwise.js';
import { pyramidRules } from '../fuse/pyramid.js';
import { fuseImages } from '../fuse/image.js';
import { loweringOf } from '../lower/index.js';
import type { Plan } from '../plan/plan.js';
import type { Storage } from '../plan/plan.js';
import { behindViews, constantPart, type ConstantPart } from './constants.js';
import { Draft, symbolKey } from './draft.js';
import { finishing, type Isa, type Programs } from './finish.js';
import { isOpen, knownElements, LoweringContext } from './lowering.js';
import { placesOf } from './places.js';
import { toldFirst } from './told.js';
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
export const compile = (model: Model, isa: Isa): Compiled => atOnce(compiling(model, isa));

/** The same in steps. */
export function* compiling(model: Model, isa: Isa): Steps<Compiled> {
  const rules = yield* preparing(model, false, isa.alone);
  const { draft, prologue } = yield* lowering(model, isa);
  yield;
  return { ...(yield* finishing(draft, isa, prologue)), rules, model };
}

/** Constants up to this many bytes are folded in JavaScript. Larger ones are the prologue's. */
const foldedHere = costs.folding.bytes;

/**
 * Rewrites in place: folding, canonical forms, fusions, elementwise programs. Bodies too. `inside`: as a body, which has no prologue; `alone`:
 * folding only.
 */
export const prepare = (model: Model, inside = false): ReadonlyMap<string, number> => atOnce(preparing(model, inside));

/** The same in steps. */
export function* preparing(model: Model, inside = false, alone = false): Steps<ReadonlyMap<string, number>> {
  const nodes = model.nodes();
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as Node;
    if (!node.op.traits.control) continue;
    for (const attribute of Object.values(node.attributes)) if (isModel(attribute)) yield* preparing(attribute, true, alone);
  }
  yield* foldingConstants(model, foldedHere);
  if (alone) return new Map();
  const counts = new Map(yield* rewriting(model, canonicalRules()));
  // Means are taken from sums that these rules remove.
  for (const [name, n] of yield* rewriting(model, pyramidRules)) counts.set(name, (counts.get(name) ?? 0) + n);
  yield* foldingConstants(model, foldedHere);
  for (const [name, n] of yield* rewriting(model, fusionRules(model, inside))) counts.set(name, (counts.get(name) ?? 0) + n);
  const images = fuseImages(model);
  if (images > 0) counts.set('preprocessing of a picture', images);
  yield* fusingElementwise(model);
  return counts;
}

const isModel = (x: unknown): x is Model => typeof x === 'object' && x !== null && 'parameters' in x && 'results' in x;

/** Nodes that have no lowering, each with the reason. */
export function refusals(model: Model): readonly { readonly node: Node; readonly reason: string }[] {
  const found: { readonly node: Node; readonly reason: string }[] = [];
  const nodes = model.nodes();
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as Node;
    const reason = refusal(node);
    if (reason !== undefined) found.push({ node, reason });
  }
  return found;
}

/** Why a node cannot run here, or undefined: the one predicate of `query` and `compile`. */
export function refusal(node: Node): string | undefined {
  if (node.op.name === 'Parameter' || node.op.name === 'Result' || node.op.name === 'Constant') {
    if (node.op.name !== 'Constant' && node.output.fact.type === 'string') return 'element type string';
    return node.output.fact.shape ? undefined : 'its rank is unknown';
  }
  if (node.outputs.some(hasNoRank) || node.inputs.some(hasNoRank)) return 'a tensor of unknown rank';
  const string = node.inputs.find(isNoNumber) ?? node.outputs.find(isNoNumber);
  if (string) return `element type ${string.fact.type}`;
  if (needsNoStep(node)) return undefined;
  const lowering = loweringOf(node.op);
  if (!lowering) return 'no kernel';
  return lowering.refuse?.(node) ?? (!lowering.opens && node.outputs.some(isOpen) ? 'a size that only the run tells' : undefined);
}

const hasNoRank = (v: Value | undefined): boolean => v !== undefined && v.fact.shape === undefined;
const isNoNumber = (v: Value | undefined): boolean => v?.fact.type === 'string' || v?.fact.type === 'dynamic';

/** Whether all that a node makes is known as constants or sizes before it would run. */
const needsNoStep = (node: Node): boolean => !node.op.traits.impure && node.outputs.every(isKnown);
const isKnown = ({ fact }: Value): boolean =>
  fact.value !== undefined || (fact.elements !== undefined && knownElements(fact) !== undefined);

/** `inside`: as a body, which has no prologue. */
function* lowering(model: Model, isa: Isa, inside = false): Steps<Lowered> {
  const refused = refusals(model);
  if (refused.length > 0) throw unsupported(model, refused);
  const constants: ConstantPart = inside ? { nodes: new Set(), boundary: [] } : constantPart(model, needsNoStep);
  const draft = new Draft(model.scope.guards);
  const wanted = new Map<Value, Storage[]>();
  model.results.forEach((r, index) => wanted.set(r.input(0), [...(wanted.get(r.input(0)) ?? []), { kind: 'output', index }]));
  const nodes = toldFirst(model.nodes().filter((n) => !constants.nodes.has(n)));
  const bodies = (body: Model): Draft => atOnce(lowering(body, isa, true)).draft;
  const context = new LoweringContext(draft, model.scope, isa, wanted, bodies, isa.alone ? undefined : placesOf(nodes));
  const prologue = constants.nodes.size > 0 ? yield* loweringConstants(model, isa, constants, context) : undefined;
  model.parameters.forEach((p, index) => defineInput(context, p, index));
  yield* loweringNodes(context, nodes);
  model.results.forEach((r, index) => {
    context.node = r;
    context.finishResult(r.input(0), index);
  });
  removeUnused(draft);
  return { draft, prologue };
}

interface Lowered {
  readonly draft: Draft;
  readonly prologue: Draft | undefined;
}

/** The part of the model that depends on constants alone: run once, natively, its results constants of the rest. */
function* loweringConstants(model: Model, isa: Isa, { nodes, boundary }: ConstantPart, outer: LoweringContext): Steps<Draft> {
  const draft = new Draft(model.scope.guards, outer.draft.weights);
  const wanted = new Map<Value, Storage[]>();
  for (const value of boundary) {
    const weight = outer.defineComputed(value);
    const base = behindViews(value);
    // Written where it is wanted when only this use looks at it through views.
    const target = base.users.size === 1 && !wanted.has(base) ? base : value;
    wanted.set(target, [...(wanted.get(target) ?? []), { kind: 'weight', weight }]);
  }
  const context = new LoweringContext(draft, model.scope, isa, wanted, (body) => atOnce(lowering(body, isa, true)).draft);
  yield* loweringNodes(
    context,
    model.nodes().filter((n) => nodes.has(n)),
  );
  for (const value of [...wanted.keys()]) {
    context.node = value.node;
    context.finishWanted(value);
  }
  return draft;
}

function* loweringNodes(context: LoweringContext, nodes: readonly Node[]): Steps<void> {
  for (let i = 0; i < nodes.length; i++) {
    if (i % stride === 0) yield;
    const node = nodes[i] as Node;
    if (node.op.name === 'Parameter' || node.op.name === 'Result' || needsNoStep(node)) continue;
    context.node = node;
    try {
      loweringOf(node.op)?.lower(context);
    } catch (error) {
      throw CuveeError.wrap(`lowering ${node.op.name} "${node.name}"`, error);
    }
  }
}

function defineInput(context: LoweringContext, parameter: Node, index: number): void {
  const { fact } = parameter.output;
  const id = context.draft.addTensor({
    type: fact.type,
    layout: 'plain',
    storage: { kind: 'input', index },
    dims: fact.shape ?? [],
    name: parameter.name,
  });
  context.draft.inputs.push(id);
  context.define(parameter.output, 'plain', id);
  fact.shape?.forEach((d, axis) => {
    if (typeof d === 'number' || !shape.isSymbol(d)) return;
    for (const origin of shape.originsOf(d)) context.draft.bindings.set(symbolKey(origin), { kind: 'dim', tensor: id, at: axis });
  });
}

function unsupported(model: Model, refused: readonly { readonly node: Node; readonly reason: string }[]): CuveeError {
  const kinds = new Map<string, number>();
  for (const { node, reason } of refused) kinds.set(`${node.op.name} (${reason})`, (kinds.get(`${node.op.name} (${reason})`) ?? 0) + 1);
  const list = [...kinds].map(([kind, n]) => (n === 1 ? kind : `${kind} × ${n}`)).join(', ');
  const first = refused[0]?.node;
  return new CuveeError('MODEL_UNSUPPORTED', `device CPU cannot run "${model.name}": ${list}; first at "${first?.name}"`, {
    op: first?.op.name,
    node: first?.name,
  });
}
