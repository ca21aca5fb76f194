/** @file The order of a level's steps: what works row by row moves down to its only reader, so that segments grow and large tensors live briefly. */
import type { Step, TensorId } from '../plan/plan.js';

/** `steps` with each that has a reader to wait for put in front of it. `readerOf`: index of the only step that reads the result. */
export function sunk(steps: readonly Step[], readerOf: (step: Step) => number | undefined): readonly Step[] {
  const waiting = steps.map((step) => readerOf(step) !== undefined);
  if (!waiting.includes(true)) return steps;
  const made = new Map<TensorId, number>();
  steps.forEach((step, s) => step.outputs.forEach((t) => made.set(t, s)));
  const order: Step[] = [];
  const done = new Set<number>();
  /** The step and, before it, those that waited for it; the deeper first. */
  const place = (first: number): void => {
    const stack = [first];
    while (stack.length > 0) {
      const s = stack[stack.length - 1] as number;
      const step = steps[s] as Step;
      const before = step.inputs.map((t) => made.get(t)).filter((p) => p !== undefined && waiting[p] && !done.has(p)) as number[];
      if (before.length > 0) {
        stack.push(before[0] as number);
        continue;
      }
      stack.pop();
      if (done.has(s)) continue;
      done.add(s);
      order.push(step);
    }
  };
  steps.forEach((_, s) => {
    if (!waiting[s]) place(s);
  });
  return order;
}
