/** @file What follows from constants alone and not every device runs: computed once, before the split, instead of handed over each time. */
import {
  applyPatch,
  builder,
  byteSize,
  decompose,
  foldConstants,
  sizeOf,
  splitModel,
  staticShape,
  type Model,
  type Node,
} from '@cuvee/core';
import type { Answers } from './place.js';
import { isPort } from './units.js';

/** Bytes of a result, as device CPU computes constants before anything runs. Larger ones are a device's work. */
const limit = 1 << 14;

/** Replaces such nodes by their values, as they come out operation by operation. */
export function computeConstants(model: Model, { devices, allowed }: Answers): void {
  const g = builder(model.scope);
  for (const node of model.nodes()) {
    const able = isPort(node) || !isSmallConstant(node) ? 0 : allowed(node).length;
    // All run it: each part has its own. None does: that is an error to be told.
    if (able === 0 || able === devices.length) continue;
    const [part] = splitModel(model, [{ label: '', nodes: [node] }]);
    if (!part || part.inputs.length > 0) continue;
    decompose(part.model, () => false);
    foldConstants(part.model, Number.POSITIVE_INFINITY);
    const values = part.model.results.map((r) => r.input(0).fact.value);
    const patch = part.outputs.flatMap((old, i) => {
      const value = values[i];
      return value ? [[old, g.constant(value, node.name)] as const] : [];
    });
    applyPatch(model, patch, 'constants');
  }
}

function isSmallConstant({ op, inputs, outputs }: Node): boolean {
  if (inputs.length === 0 || op.traits.impure || op.traits.control || op.domain !== undefined) return false;
  if (!inputs.every((v) => !v || v.node.op.name === 'Constant')) return false;
  return outputs.every(({ fact: { type, shape } }) => {
    const sizes = staticShape(shape);
    return sizes !== undefined && type !== 'dynamic' && type !== 'string' && byteSize(type, sizeOf(sizes)) <= limit;
  });
}
