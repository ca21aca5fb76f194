/**
 * @file The order of a level's steps: those that work row by row and read each other's results stand together, so that strips reach far and
 * large tensors live briefly.
 */
import type { Step, TensorId } from '../plan/plan.js';

/** A level's steps as a graph: for each, the steps whose results it reads and those that read its own. */
class Wiring {
  readonly before: readonly (readonly number[])[];
  readonly after: readonly number[][];

  constructor(steps: readonly Step[], rootOf: (tensor: TensorId) => TensorId) {
    // Several steps may write parts of one tensor; a reader waits for those that stand before it.
    const makers = new Map<TensorId, number[]>();
    this.after = steps.map(() => []);
    this.before = steps.map((step, s) => {
      const from: number[] = [];
      for (let i = 0; i < step.inputs.length; i++) {
        const t = step.inputs[i] as TensorId | -1;
        const known = t < 0 ? undefined : makers.get(rootOf(t));
        if (known) for (const p of known) if (!from.includes(p)) from.push(p);
      }
      for (let i = 0; i < step.outputs.length; i++) {
        const root = rootOf(step.outputs[i] as TensorId);
        const known = makers.get(root);
        if (!known) makers.set(root, [s]);
        else if (!known.includes(s)) known.push(s);
      }
      for (const p of from) this.after[p]?.push(s);
      return from;
    });
  }
}

/**
 * `steps` in an order that keeps what depends on what, and otherwise:
 * - a rowwise step all of whose readers are one other rowwise step stands before that one, with what waits for it in turn;
 * - after a rowwise step come the rowwise steps that read it, as long as what they need beside can be made before the run starts.
 * `rowwise`: by index, whether a step works row by row and its result is seen by steps alone. `rootOf`: the tensor whose memory a view shows.
 */
export function clustered(
  steps: readonly Step[],
  rowwise: (index: number) => boolean,
  rootOf: (tensor: TensorId) => TensorId = (t) => t,
): readonly Step[] {
  const row = steps.map((_, s) => rowwise(s));
  if (!row.includes(true)) return steps;
  const { before, after } = new Wiring(steps, rootOf);
  const waits = row.map((is, s) => is && after[s]?.length === 1 && row[after[s]?.[0] as number] === true);
  const placed = new Set<number>();
  const order: number[] = [];

  /** Places a step after all that it needs; `into`: where. */
  const place = (last: number, into: number[]): void => {
    const stack = [last];
    while (stack.length > 0) {
      const s = stack[stack.length - 1] as number;
      const missing = (before[s] as readonly number[]).find((p) => !placed.has(p));
      if (missing !== undefined) {
        stack.push(missing);
        continue;
      }
      stack.pop();
      if (placed.has(s)) continue;
      placed.add(s);
      into.push(s);
    }
  };

  /** What `last` needs and the run does not have: steps to make before the run, and rowwise ones to make within; undefined: some wait for the run. */
  const needs = (last: number, run: ReadonlySet<number>): { readonly first: number[]; readonly within: number[] } | undefined => {
    const first: number[] = [];
    const within: number[] = [];
    const seen = new Set<number>();
    const stack = [{ s: last, inside: true }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      for (const p of before[top.s] as readonly number[]) {
        if (run.has(p)) {
          if (!top.inside) return undefined;
          continue;
        }
        if (placed.has(p) || seen.has(p)) continue;
        seen.add(p);
        const inside = top.inside && waits[p] === true;
        (inside ? within : first).push(p);
        stack.push({ s: p, inside });
      }
    }
    return { first, within };
  };

  const runFrom = (start: number): void => {
    const lead: number[] = [];
    const run: number[] = [];
    const members = new Set<number>();
    const join = (s: number): boolean => {
      const needed = needs(s, members);
      if (!needed) return false;
      for (const p of needed.first.sort((a, b) => a - b)) place(p, lead);
      const from = run.length;
      place(s, run);
      for (const m of run.slice(from)) members.add(m);
      return true;
    };
    join(start);
    // Steps that read the run: those that end there first, then those at the end of what waits.
    for (let at = 0; at < run.length; at++) {
      const readers = after[run[at] as number] as readonly number[];
      const last = (reader: number): number => {
        let s = reader;
        while (waits[s]) s = after[s]?.[0] as number;
        return s;
      };
      for (const reader of [...readers.filter((r) => !waits[r]), ...readers.filter((r) => waits[r]).map(last)])
        if (!placed.has(reader) && row[reader]) join(reader);
    }
    order.push(...lead, ...run);
  };

  steps.forEach((_, s) => {
    if (placed.has(s) || waits[s]) return;
    if (row[s]) runFrom(s);
    else place(s, order);
  });
  return order.map((s) => steps[s] as Step);
}
