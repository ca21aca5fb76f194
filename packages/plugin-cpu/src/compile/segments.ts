/**
 * @file Segments: runs of steps that native code may carry out strip by strip, so that large intermediates never exist whole.
 *
 * A run qualifies when each step works row by row on 4-D tensors and each result but the last is read only within the run.
 * Whether strips pay is decided natively, by sizes and caches.
 */
import { clustered } from './order.js';
import type { Level, Plan, PlanTensor, Segment, Step, TensorId } from '../plan/plan.js';

/** Families with `run_rows` natively; eltwise has it for f32 results. */
const rowwise: ReadonlySet<string> = new Set(['conv', 'pyramid', 'deconv', 'pool', 'resize', 'eltwise']);

/** `one`: register of the number 1, if sizes have it. */
export function withSegments(given: Plan, one?: number): Plan {
  const rootOf = (t: TensorId): TensorId => {
    const storage = given.tensors[t]?.storage;
    return storage?.kind === 'view' ? rootOf(storage.of) : t;
  };
  const levels = given.levels.map((level): Level => {
    const follows = (s: number): boolean => {
      const step = level.steps[s] as Step;
      return isRowwise(step, given.tensors, one) && !step.inputs.some((t) => t >= 0 && given.tensors[t]?.storage.kind === 'state');
    };
    return { ...level, steps: clustered(level.steps, follows, rootOf) };
  });
  const plan = { ...given, levels };
  const uses = usesOf(plan);
  return { ...plan, levels: plan.levels.map((level, l) => ({ ...level, segments: segmentsOf(level, l, plan, uses, one) })) };
}

interface Use {
  readonly level: number;
  readonly step: number;
}

/** Where each tensor is read; a level of infinity: by what comes after all steps. */
function usesOf(plan: Plan): ReadonlyMap<TensorId, readonly Use[]> {
  const uses = new Map<TensorId, Use[]>();
  const add = (t: TensorId, use: Use): void => void (uses.get(t)?.push(use) ?? uses.set(t, [use]));
  plan.levels.forEach((level, l) =>
    level.steps.forEach(({ inputs }, s) => {
      const use = { level: l, step: s };
      for (let i = 0; i < inputs.length; i++) if ((inputs[i] as number) >= 0) add(inputs[i] as TensorId, use);
    }),
  );
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

/** End of the longest run from `first` on, each of whose results is read only inside or only outside; the last one's as it may be. */
function longest(
  steps: readonly Step[],
  first: number,
  l: number,
  tensors: readonly PlanTensor[],
  uses: ReadonlyMap<TensorId, readonly Use[]>,
  one: number | undefined,
): number {
  let rows = first;
  while (rows < steps.length && isRowwise(steps[rows] as Step, tensors, one)) rows++;
  if (rows - first < 2) return rows;
  const readers = (s: number): readonly number[] =>
    (uses.get(steps[s]?.outputs[0] as TensorId) ?? []).map((u) => (u.level === l ? u.step : Number.POSITIVE_INFINITY));
  // A step of the run reads something of it, or something made before is read after.
  const made = new Set<TensorId>();
  let reach = first;
  let end = first;
  for (; end < rows; end++) {
    const step = steps[end] as Step;
    if (end > first && reach <= end && !step.inputs.some((t) => made.has(t))) break;
    made.add(step.outputs[0] as TensorId);
    reach = Math.max(reach, ...readers(end).filter((r) => r < rows));
  }
  // It may not end between a result's first and last reader.
  const split = new Int32Array(end - first + 2);
  for (let s = first; s < end; s++) {
    const all = readers(s);
    const whole = tensors[steps[s]?.outputs[0] as TensorId]?.storage.kind !== 'arena';
    const from = Math.max(Math.min(...all) + 1, s + 2);
    const to = whole ? end : Math.min(Math.max(...all), end);
    if (from > to) continue;
    split[from - first] = (split[from - first] as number) + 1;
    split[to + 1 - first] = (split[to + 1 - first] as number) - 1;
  }
  let best = first;
  for (let e = first, open = 0; e <= end; e++) {
    open += split[e - first] as number;
    if (open === 0) best = e;
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
