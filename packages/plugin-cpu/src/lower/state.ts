/** @file ReadValue and Assign → variables of the plan, which live in a request's memory from run to run. */
import { shape, type Dim, type Shape, type Value } from '@cuvee/core';
import { symbolKey, type DraftTensor } from '../compile/draft.js';
import type { LoweringContext, LoweringTable } from '../compile/lowering.js';
import type { TensorId } from '../plan/plan.js';

/** The variable's place in the plan's list, made when it is first met. `dims`: of the tensor that shows it as a run finds it. */
function stateOf(c: LoweringContext, value: Value, dims: readonly Dim[], text: string): number {
  const name = String(c.node.attributes.variable_id);
  const { draft } = c;
  const known = draft.states.findIndex((s) => s.name === name);
  if (known >= 0) return known;
  const { type } = value.fact;
  const index = draft.states.length;
  const read = draft.addTensor({ type, layout: 'plain', storage: { kind: 'state', index }, dims, name });
  return draft.states.push({ name, type, read, write: -1, shape: text }) - 1;
}

/** Sizes that nobody asks for until the run tells them. */
const closed = (dims: Shape): readonly Dim[] => (dims ?? []).map((d) => (typeof d === 'number' ? d : 0));

function bindDimensions(c: LoweringContext, id: TensorId, dims: Shape): void {
  dims?.forEach((d, at) => {
    if (typeof d === 'number' || !shape.isSymbol(d)) return;
    for (const origin of shape.originsOf(d)) c.draft.bindings.set(symbolKey(origin), { kind: 'dim', tensor: id, at });
  });
}

/** Without an initial value the variable's own memory, zeros at first; with one, a step that decides at run time. */
function read(c: LoweringContext): void {
  const { output } = c.node;
  const dims = output.fact.shape;
  const initial = c.input(0);
  const index = stateOf(c, output, initial < 0 ? (dims ?? []) : closed(dims), String(c.node.attributes.variable_shape));
  const variable = c.draft.states[index] as (typeof c.draft.states)[number];
  if (variable.shown === undefined) {
    variable.shown = initial < 0 ? variable.read : c.draft.addTensor(shownAs(output));
    bindDimensions(c, variable.shown, dims);
    if (initial >= 0) c.emit('state', '', [initial], [variable.shown], [index]);
  }
  c.define(output, 'plain', variable.shown);
}

const shownAs = (output: Value): DraftTensor => ({
  type: output.fact.type,
  layout: 'plain',
  storage: { kind: 'dynamic' },
  dims: output.fact.shape ?? [],
  name: output.toString(),
});

/** What a run leaves in the variable. A constant has no memory of the run's own and is copied. */
function assign(c: LoweringContext): void {
  const value = c.node.input(0);
  const dims = value.fact.shape ?? [];
  const index = stateOf(c, value, closed(dims), `[${dims.map((d) => (typeof d === 'number' ? d : '?')).join(',')}]`);
  const from = c.input(0) as TensorId;
  let to = from;
  if (rootKind(c, from) === 'weight') {
    to = c.temporary(value.fact.type, dims);
    c.emit('copy', '', [from], [to]);
  }
  (c.draft.states[index] as (typeof c.draft.states)[number]).write = to;
  c.define(c.node.output, 'plain', from);
}

function rootKind(c: LoweringContext, id: TensorId): string | undefined {
  const storage = c.draft.tensors[id]?.storage;
  return storage?.kind === 'view' ? rootKind(c, storage.of) : storage?.kind;
}

export const state: LoweringTable = {
  ReadValue: {
    opens: true,
    refuse: (node) => {
      const initial = node.inputs[0]?.fact;
      const { type, shape: dims } = node.output.fact;
      return initial && (initial.type !== type || initial.shape?.length !== dims?.length)
        ? 'an initial value of another type or rank than the variable'
        : undefined;
    },
    lower: read,
  },
  Assign: { lower: assign },
};
