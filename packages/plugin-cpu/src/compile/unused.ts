/** @file Drops steps whose results nobody reads: shape arithmetic that became registers. */
import type { TensorId } from '../plan/plan.js';
import type { Draft } from './draft.js';

export function removeUnused(draft: Draft): void {
  const needed = new Set<TensorId>();
  const need = (t: TensorId | -1): void => {
    for (let at = t; at >= 0 && !needed.has(at); ) {
      needed.add(at);
      const storage = draft.tensors[at]?.storage;
      at = storage?.kind === 'view' ? storage.of : -1;
    }
  };
  draft.outputs.forEach(need);
  for (const b of draft.bindings.values()) if (b.kind === 'element' || draft.tensors[b.tensor]?.storage.kind === 'dynamic') need(b.tensor);
  for (const s of draft.states) need(s.write);
  // A view that a step writes makes its base content, so a step is needed when any tensor over the same memory is.
  const base = (t: TensorId): TensorId => {
    const storage = draft.tensors[t]?.storage;
    return storage?.kind === 'view' ? base(storage.of) : t;
  };
  const kept = [];
  for (const step of [...draft.steps].reverse()) {
    const wanted = step.outputs.some((t) => needed.has(t) || needed.has(base(t)) || draft.tensors[t]?.storage.kind === 'state');
    if (!wanted) continue;
    kept.push(step);
    step.inputs.forEach(need);
  }
  draft.steps.splice(0, draft.steps.length, ...kept.reverse());
}
