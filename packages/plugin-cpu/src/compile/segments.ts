/**
 * @file Segments: runs of steps that native code may carry out strip by strip, so that large intermediates never exist whole.
 *
 * A run qualifies when each step works row by row on 4-D tensors and each result but the last is read only within the run.
 * Whether strips pay is decided natively, by sizes and caches.
 */
import type { Level, Plan, PlanTensor, Segment, Step, TensorId } from '../plan/plan.js';

/** Families with `run_rows` natively; eltwise has it for f32 results. */
const rowwise: ReadonlySet<string> = new Set(['conv', 'deconv', 'pool', 'resize', 'eltwise']);

export function withSegments(given: Plan): Plan {
  const plan = withLateUpsampling(given);
  const uses = usesOf(plan);
  return { ...plan, levels: plan.levels.map((level, l) => ({ ...level, segments: segmentsOf(level, l, plan, uses) })) };
}

/**
 * A resizing step is moved to just before its only reader, when that works row by row: they can then share strips, and what is
 * usually the larger tensor lives shorter.
 */
function withLateUpsampling(plan: Plan): Plan {
  const uses = usesOf(plan);
  return {
    ...plan,
    levels: plan.levels.map((level, l) => {
      const steps = [...level.steps];
      for (const step of [...level.steps].reverse()) {
        const readers = uses.get(step.outputs[0] ?? -1) ?? [];
        const reader = readers.length === 1 && readers[0]?.level === l ? level.steps[readers[0].step] : undefined;
        if (step.family !== 'resize' || !isRowwise(step, plan.tensors) || !reader || !isRowwise(reader, plan.tensors)) continue;
        if (step.inputs.some((t) => t >= 0 && plan.tensors[t]?.storage.kind === 'state')) continue;
        steps.splice(steps.indexOf(step), 1);
        steps.splice(steps.indexOf(reader), 0, step);
      }
      return { ...level, steps };
    }),
  };
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

function segmentsOf(level: Level, l: number, plan: Plan, uses: ReadonlyMap<TensorId, readonly Use[]>): Segment[] {
  const { steps } = level;
  const found: Segment[] = [];
  for (let first = 0; first < steps.length; ) {
    const end = longest(steps, first, l, plan.tensors, uses);
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
): number {
  let best = first;
  let reach = first; // last step that reads a result made so far
  for (let s = first; s < steps.length; s++) {
    const step = steps[s] as Step;
    if (!isRowwise(step, tensors)) break;
    if (s > first && !step.inputs.some((t) => steps.slice(first, s).some((before) => before.outputs[0] === t))) break;
    if (reach <= s) best = s + 1;
    const result = step.outputs[0] as TensorId;
    if (tensors[result]?.storage.kind !== 'arena') break;
    const readers = uses.get(result) ?? [];
    if (readers.length === 0 || readers.some((u) => u.level !== l)) break;
    reach = Math.max(reach, ...readers.map((u) => u.step));
  }
  return best;
}

function isRowwise(step: Step, tensors: readonly PlanTensor[]): boolean {
  const result = tensors[step.outputs[0] ?? -1];
  if (step.family === 'eltwise' && (step.action !== 'f32' || result?.type !== 'f32')) return false;
  return (
    rowwise.has(step.family) &&
    step.outputs.length === 1 &&
    result?.dims.length === 4 &&
    (result.storage.kind === 'arena' || result.storage.kind === 'output')
  );
}
