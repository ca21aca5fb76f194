/**
 * @file Segments: runs of steps that native code may carry out strip by strip, so that large intermediates never exist whole.
 *
 * A run qualifies when each step works row by row on 4-D tensors and each result but the last is read only within the run.
 * Whether strips pay is decided natively, by sizes and caches.
 */
import { sunk } from './order.js';
import type { Level, Plan, PlanTensor, Segment, Step, TensorId } from '../plan/plan.js';

/** Families with `run_rows` natively; eltwise has it for f32 results. */
const rowwise: ReadonlySet<string> = new Set(['conv', 'deconv', 'pool', 'resize', 'eltwise']);

/** `one`: register of the number 1, if sizes have it. */
export function withSegments(given: Plan, one?: number): Plan {
  const before = usesOf(given);
  const levels = given.levels.map(
    (level, l): Level => ({ ...level, steps: sunk(level.steps, (step) => readerOf(step, level, l, given.tensors, before, one)) }),
  );
  const plan = { ...given, levels };
  const uses = usesOf(plan);
  return { ...plan, levels: plan.levels.map((level, l) => ({ ...level, segments: segmentsOf(level, l, plan, uses, one) })) };
}

/**
 * The one step that reads a rowwise step's result, when it reads it row by row, too: just before it they can share strips, and
 * what is usually the larger tensor lives shorter.
 */
function readerOf(
  step: Step,
  level: Level,
  l: number,
  tensors: readonly PlanTensor[],
  uses: ReadonlyMap<TensorId, readonly Use[]>,
  one: number | undefined,
): number | undefined {
  const result = step.outputs[0] as TensorId;
  const readers = uses.get(result) ?? [];
  const reader = readers[0]?.step ?? -1;
  if (!isRowwise(step, tensors, one) || readers.some((u) => u.level !== l || u.step !== reader)) return undefined;
  if (step.inputs.some((t) => t >= 0 && tensors[t]?.storage.kind === 'state')) return undefined;
  const after = level.steps[reader];
  return after && isRowwise(after, tensors, one) ? reader : undefined;
}

interface Use {
  readonly level: number;
  readonly step: number;
}

/** Where each tensor is read; a level of infinity: by what comes after all steps. */
function usesOf(plan: Plan): ReadonlyMap<TensorId, readonly Use[]> {
  const uses = new Map<TensorId, Use[]>();
  const add = (t: TensorId, use: Use): void => void (uses.get(t)?.push(use) ?? uses.set(t, [use]));
  plan.levels.forEach((level, l) => level.steps.forEach((step, s) => step.inputs.forEach((t) => t >= 0 && add(t, { level: l, step: s }))));
  const after = { level: Number.POSITIVE_INFINITY, step: 0 };
  for (const t of plan.outputs) add(t, after);
  for (const t of plan.states) if (t.write >= 0) add(t.write, after);
  for (const level of plan.bindings) for (const b of level) add(b.tensor, after);
  for (const t of plan.tensors) if (t.storage.kind === 'view') add(t.storage.of, after);
  return uses;
}

function segmentsOf(level: Level, l: number, plan: Plan, uses: ReadonlyMap<TensorId, readonly Use[]>, one: number | undefined): Segment[] {
  const { steps } = level;
  const found: Segment[] = [];
  for (let first = 0; first < steps.length; ) {
    const end = longest(steps, first, l, plan.tensors, uses, one);
    if (end - first > 1) found.push({ first, count: end - first, rows: 0 });
    first = Math.max(end, first + 1);
  }
  return found;
}

/** End of the longest run from `first` on whose inner results stay inside. */
function longest(
  steps: readonly Step[],
  first: number,
  l: number,
  tensors: readonly PlanTensor[],
  uses: ReadonlyMap<TensorId, readonly Use[]>,
  one: number | undefined,
): number {
  let best = first;
  let reach = first; // last step that reads a result made so far
  for (let s = first; s < steps.length; s++) {
    const step = steps[s] as Step;
    if (!isRowwise(step, tensors, one)) break;
    // It reads something of the run, or the run has to go on beyond it anyway.
    if (s > first && reach <= s && !step.inputs.some((t) => steps.slice(first, s).some((before) => before.outputs[0] === t))) break;
    if (reach <= s) best = s + 1;
    const result = step.outputs[0] as TensorId;
    if (tensors[result]?.storage.kind !== 'arena') break;
    const readers = uses.get(result) ?? [];
    if (readers.length === 0 || readers.some((u) => u.level !== l)) break;
    reach = Math.max(reach, ...readers.map((u) => u.step));
  }
  return best;
}

/** Results of one row have no strips: they are broadcast, or the end of such a branch. */
function isRowwise(step: Step, tensors: readonly PlanTensor[], one: number | undefined): boolean {
  const result = tensors[step.outputs[0] ?? -1];
  if (step.family === 'eltwise' && (step.action !== 'f32' || result?.type !== 'f32')) return false;
  return (
    rowwise.has(step.family) &&
    step.outputs.length === 1 &&
    result?.dims.length === 4 &&
    result.dims[2] !== one &&
    (result.storage.kind === 'arena' || result.storage.kind === 'output')
  );
}
