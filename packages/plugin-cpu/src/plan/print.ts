/** @file A Plan as stable text: what the replay test compares, so that a refactor shows every step that it changes. */
import type { Arg, Plan, PlanTensor, Step } from './plan.js';

/** Steps by level, tensors by name and layout; registers are numbered as the shape program does. */
export function printPlan(plan: Plan, indent = ''): string {
  const lines = [
    `${indent}plan for blocks of ${plan.isa.block}: ${plan.tensors.length} tensors, ${plan.weights.length} weights, ${plan.states.length} states`,
  ];
  plan.levels.forEach((level, k) => {
    const bound = plan.bindings[k]?.length ?? 0;
    lines.push(`${indent}level ${k}: ${bound} sizes bound`);
    level.steps.forEach((step, i) => {
      const segment = level.segments.find((s) => i >= s.first && i < s.first + s.count);
      lines.push(`${indent}  ${segment ? '| ' : ''}${printStep(plan, step)}`);
    });
  });
  plan.plans.forEach((inner, i) => lines.push(`${indent}sub-plan ${i}`, printPlan(inner, `${indent}  `).trimEnd()));
  if (plan.prologue) lines.push(`${indent}prologue`, printPlan(plan.prologue, `${indent}  `).trimEnd());
  return `${lines.join('\n')}\n`;
}

function printStep(plan: Plan, { family, action, inputs, outputs, args, plans }: Step): string {
  const list = (ids: readonly number[]): string =>
    ids.map((id) => (id < 0 ? '-' : printTensor(plan.tensors[id] as PlanTensor, id))).join(', ');
  const values = args.map(printArg).join(' ');
  return `${list(outputs)} = ${family}${action ? `.${action}` : ''}(${list(inputs)})${values ? ` {${values}}` : ''}${plans?.length ? ` plans ${plans.join(' ')}` : ''}`;
}

/** `%12:f32b[r3,16,r7,r8]@arena`: b for blocked. */
const printTensor = ({ type, layout, storage, dims }: PlanTensor, id: number): string => {
  const where =
    storage.kind === 'view'
      ? `view of %${storage.of}`
      : storage.kind === 'weight'
        ? `w${storage.weight}`
        : 'index' in storage
          ? `${storage.kind}${storage.index}`
          : storage.kind;
  return storage.kind === 'weight'
    ? where
    : `%${id}:${type}${layout === 'blocked' ? 'b' : ''}[${dims.map((d) => `r${d}`).join(',')}]@${where}`;
};

const printArg = (arg: Arg): string => ('int' in arg ? String(arg.int) : 'float' in arg ? String(arg.float) : `r${arg.register}`);
