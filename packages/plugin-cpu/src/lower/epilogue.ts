/** @file The epilogue of a convolution or matrix product as step inputs and arguments. */
import type { DraftArg } from '../compile/draft.js';
import type { LoweringContext } from '../compile/lowering.js';
import { activations } from '../ops/activation.js';
import { epiloguePorts, type Fused } from '../ops/fused.js';
import type { Arg, Layout, Step, TensorId } from '../plan/plan.js';

/** bias, weightScale, postScale, postShift, residual: -1 where absent. The residual comes in the layout of the result. */
export const epilogueInputs = (c: LoweringContext, f: Fused, layout: Layout): (TensorId | -1)[] =>
  epiloguePorts.map((port) => {
    const value = f.epilogue[port];
    return value ? c.tensor(value, port === 'residual' ? layout : 'plain') : -1;
  });

/** activation, its two parameters, and whether the residual is added last. */
export const epilogueArgs = (f: Fused): DraftArg[] => [
  activations.indexOf(f.activated.activation),
  { float: f.activated.alpha },
  { float: f.activated.beta },
  f.residualAfter ? 1 : 0,
];

/** Where a family's arguments have the epilogue's; its inputs follow two of the step's own. */
const firstArgument: Readonly<Record<string, number>> = { conv: 7, deconv: 7, gemm: 2, conv_nd: 0 };

/** What a step of a family with an epilogue does to its sums, in order, and before to its data: `bias, hard_swish, scale`. Empty for other families. */
export function toldEpilogue({ family, action, inputs, args }: Step): string {
  const first = firstArgument[family];
  if (first === undefined) return '';
  const has = (port: (typeof epiloguePorts)[number]): boolean => (inputs[2 + epiloguePorts.indexOf(port)] ?? -1) !== -1;
  const number = (arg: Arg | undefined): number => (arg && 'int' in arg ? Number(arg.int) : 0);
  const activation = activations[number(args[first])] ?? 'none';
  const last = number(args[first + 3]) !== 0;
  return [
    action === 'image' && 'preprocessing',
    action === 'activated' && 'relu(scale, shift) of its data',
    action === 'shuffled' && 'shuffle of its data',
    has('weightScale') && 'scale',
    has('bias') && 'bias',
    has('residual') && !last && 'residual',
    activation !== 'none' && activation,
    has('postScale') && 'scale',
    has('postShift') && 'shift',
    has('residual') && last && 'residual',
  ]
    .filter((part) => part !== false)
    .join(', ');
}
