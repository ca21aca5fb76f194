/** Plans built by hand for tests of the executor: registers are bound from dimensions, there is no shape program. */
import { encodePlan } from '../../src/plan/encode.js';
import type { Binding, Level, Plan, PlanTensor, Step } from '../../src/plan/plan.js';
import { loadNative, NativeModel, type LoadOptions } from '../../src/native.js';

const found = loadNative();
if ('absent' in found) throw new Error(`these tests need the addon: ${found.absent}`);
export const { addon } = found;
export const info = addon.info();

/** A plan with the fields that most tests leave empty. */
export function plan(fields: Partial<Omit<Plan, 'levels'>> & { levels: readonly (readonly Step[] | Level)[] }): Plan {
  return {
    isa: { name: info.isa, block: info.block },
    shapes: new Uint8Array(0),
    bindings: [],
    tensors: [],
    inputs: [],
    outputs: [],
    states: [],
    weights: [],
    plans: [],
    prologue: undefined,
    ...fields,
    levels: fields.levels.map((l) => ('steps' in l ? l : { steps: l, segments: [] })),
  };
}

export const tensor = (
  storage: PlanTensor['storage'],
  dims: readonly number[],
  type: PlanTensor['type'] = 'f32',
  name = 't',
  layout: PlanTensor['layout'] = 'plain',
): PlanTensor => ({ type, layout, storage, dims, name });
export const arena = { kind: 'arena' } as const;
export const dynamic = { kind: 'dynamic' } as const;
export const input = (index: number) => ({ kind: 'input', index }) as const;
export const output = (index: number) => ({ kind: 'output', index }) as const;
export const weight = (w: number) => ({ kind: 'weight', weight: w }) as const;
export const dim = (t: number, axis: number, register: number): Binding => ({ kind: 'dim', tensor: t, axis, register });
export const element = (t: number, at: number, register: number): Binding => ({ kind: 'element', tensor: t, element: at, register });
export const step = (family: string, inputs: number[], outputs: number[], more: Partial<Step> = {}): Step => ({
  family,
  action: '',
  inputs,
  outputs,
  args: [],
  origin: [`${family}.${outputs[0]}`],
  op: 'Op',
  ...more,
});
export const copy = (from: number, to: number): Step => step('copy', [from], [to]);
export const bytesOf = (a: ArrayBufferView): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);

export function load(p: Plan, options: LoadOptions = {}): NativeModel {
  const { bytes, constants } = encodePlan(p);
  return new NativeModel(addon, bytes, constants, { threads: 2, ...options });
}

/** x [n, m] f32 copied through `hops` intermediates to the output. */
export function chain(hops: number): Plan {
  const tensors = [tensor(input(0), [0, 1], 'f32', 'x'), tensor(output(0), [0, 1], 'f32', 'y')];
  const steps: Step[] = [];
  let at = 0;
  for (let i = 0; i < hops; i++) {
    tensors.push(tensor(arena, [0, 1], 'f32', `h${i}`));
    steps.push(copy(at, tensors.length - 1));
    at = tensors.length - 1;
  }
  steps.push(copy(at, 1));
  return plan({ tensors, inputs: [0], outputs: [1], levels: [steps], bindings: [[dim(0, 0, 0), dim(0, 1, 1)]] });
}

export const floats = (n: number, from = 0): Float32Array => Float32Array.from({ length: n }, (_, i) => from + i);
export const f32 = (o: { buffer?: ArrayBuffer | undefined; bytes: number } | undefined): number[] => [
  ...new Float32Array(o?.buffer as ArrayBuffer, 0, (o?.bytes ?? 0) / 4),
];
