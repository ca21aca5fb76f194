import type { OperationExtension } from '@cuvee/core';
import type { OnnxOp } from '@cuvee/frontend-onnx';
import { MuLawExpand } from './expand.js';
import { Loudness } from './loudness.js';
import { MuLaw } from './mu-law.js';

/** An ONNX operator that goes by another name and attribute than the room. */
const Compand: OnnxOp = ({ g, inputs: [x], attr }) => g.node(MuLaw, [x], { mu: attr.float('quantization', 255) });

/** Three operations; `kernels` is the path of the library built from kernel/mu_law.c, or undefined. */
export const audio = (kernels?: string): OperationExtension => ({
  ops: [MuLaw, MuLawExpand, Loudness],
  conversions: { onnx: { 'example.audio': { Compand } } },
  ...(kernels !== undefined && { kernels }),
});
