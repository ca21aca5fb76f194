/** @file The epilogue of a convolution or matrix product as step inputs and arguments. */
import type { DraftArg } from '../compile/draft.js';
import type { LoweringContext } from '../compile/lowering.js';
import { activations } from '../ops/activation.js';
import { epiloguePorts, type Fused } from '../ops/fused.js';
import type { Layout, TensorId } from '../plan/plan.js';

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
