/** @file Draft → Plan: sizes become registers of one shape program, steps are ordered by level. */
import { CuveeError, shape, type Dim, type Steps } from '@cuvee/core';
import type { Arg, Binding, Level, Plan, PlanTensor, PlanWeight, Step } from '../plan/plan.js';
import { isFloatArg, symbolKey, type Draft, type DraftArg, type DraftStep, type DraftTensor } from './draft.js';
import { withSegments } from './segments.js';

export interface Isa {
  readonly name: string;
  readonly block: number;
  /** Nothing is joined: each operation computes as it would in a model of its own. */
  readonly alone?: boolean | undefined;
}

/** A plan and its shape program, whose guards' messages the plan does not carry. */
export interface Finished {
  readonly plan: Plan;
  readonly programs: Programs;
}
/** A plan's shape program and those of its sub-plans. */
export interface Programs {
  readonly program: shape.ShapeProgram;
  readonly plans: readonly Programs[];
}

/** Conditions on sizes that this draft's own inputs and steps bind; others are checked where theirs are. */
function guardsOf(draft: Draft): readonly shape.Guard[] {
  return draft.guards.filter((g) => [...shape.originsOfCondition(g.predicate)].every((origin) => draft.bindings.has(symbolKey(origin))));
}

/** Sizes that the draft uses, each once. */
function rootsOf({ tensors, steps }: Draft): readonly Dim[] {
  const roots = new Set<Dim>();
  for (let i = 0; i < tensors.length; i++) {
    const { dims, offset } = tensors[i] as DraftTensor;
    for (let k = 0; k < dims.length; k++) roots.add(dims[k] as Dim);
    if (offset !== undefined) roots.add(offset);
  }
  for (let i = 0; i < steps.length; i++) {
    const { args } = steps[i] as DraftStep;
    for (let k = 0; k < args.length; k++) {
      const a = args[k] as DraftArg;
      if (typeof a === 'object' && !isFloatArg(a)) roots.add(a);
    }
  }
  return [...roots];
}

export function* finishing(draft: Draft, isa: Isa, prologue: Draft | undefined): Steps<Finished> {
  const roots = rootsOf(draft);
  yield;
  const program = shape.lowerShapes(roots, guardsOf(draft), { levelOf: (symbol) => draft.levelOf(symbol) });
  const registers = new Map<Dim, number>();
  for (let i = 0; i < roots.length; i++) registers.set(roots[i] as Dim, program.roots[i] as number);
  const register = (d: Dim): number => registers.get(d) as number;
  yield;

  const tensors = draft.tensors.map(
    ({ type, layout, storage, dims, name, offset }): PlanTensor => ({
      type,
      layout,
      storage: storage.kind === 'view' && offset !== undefined ? { ...storage, offset: register(offset) } : storage,
      dims: dims.map(register),
      name,
    }),
  );
  const arg = (a: DraftArg): Arg =>
    typeof a === 'bigint' || typeof a === 'number' ? { int: a } : isFloatArg(a) ? a : { register: register(a) };
  yield;
  const inner: Finished[] = [];
  const innerOf = new Map<Draft, number>();
  for (const s of draft.steps) for (const p of s.plans) innerOf.set(p, inner.push(yield* finishing(p, isa, undefined)) - 1);
  const step = (s: DraftStep): Step => ({
    family: s.family,
    action: s.action,
    inputs: s.inputs,
    outputs: s.outputs,
    args: s.args.map(arg),
    plans: s.plans.map((p) => innerOf.get(p) as number),
    origin: s.node.origin,
    op: s.node.op.name,
  });
  const count = Math.max(0, ...draft.steps.map((s) => s.level), ...draft.symbolLevel.values()) + 1;
  const levels = Array.from(
    { length: count },
    (_, k): Level => ({ steps: draft.steps.filter((s) => s.level === k).map(step), segments: [] }),
  );
  yield;
  const bindings: Binding[][] = Array.from({ length: count }, () => []);
  program.symbols.forEach((symbol, i) => {
    const register = program.constants.length + i;
    const key = symbolKey(symbol.origin);
    const bound = draft.bindings.get(key);
    if (!bound) throw new CuveeError('INTERNAL', `no step binds the size ${symbol.name}`);
    bindings[draft.symbolLevel.get(key) ?? 0]?.push(
      bound.kind === 'dim'
        ? { kind: 'dim', tensor: bound.tensor, axis: bound.at, register }
        : { kind: 'element', tensor: bound.tensor, element: bound.at, register },
    );
  });
  const plan: Plan = {
    isa: { name: isa.name, block: isa.block },
    shapes: shape.assemble(program),
    bindings,
    tensors,
    inputs: draft.inputs,
    outputs: draft.outputs,
    levels,
    states: draft.states,
    weights: draft.weights.map(weightOf),
    plans: inner.map((f) => f.plan),
    prologue: prologue && (yield* finishing(prologue, isa, undefined)).plan,
  };
  yield;
  return { plan: withSegments(plan, registers.get(1)), programs: { program, plans: inner.map((f) => f.programs) } };
}

const nothing = new Uint8Array(0);
const weightOf = (l: Draft['weights'][number]): PlanWeight => {
  if ('computed' in l) return { type: l.computed, source: { kind: 'bytes', bytes: nothing } };
  return { type: l.type, source: l.source?.kind === 'file' ? l.source : { kind: 'bytes', bytes: l.bytes } };
};
