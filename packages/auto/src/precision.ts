/** @file The precision of a model, as devices call what they can: FP32, FP16, BF16, INT8. */
import { isFloat, type ElementType, type Model, type Node } from '@cuvee/core';

const names: Partial<Record<ElementType, string>> = { f16: 'FP16', bf16: 'BF16', f64: 'FP64' };
const typeOf = (node: Node): ElementType | undefined => node.outputs[0]?.fact.type;

/** A node with weights: a constant of two dimensions or more goes into it, and numbers come out. */
const isHeavy = (node: Node): boolean =>
  isFloat(typeOf(node) ?? 'dynamic') && node.inputs.some((value) => (value?.fact.value?.shape.length ?? 0) > 1);

/** INT8 when it is quantised; else the type in which its first operation with weights computes, or any; FP32 when none is known. */
export function precisionOf(model: Model): string {
  const nodes = model.nodes();
  if (nodes.some((n) => typeof n.attributes.levels === 'number')) return 'INT8';
  const telling = nodes.find(isHeavy) ?? nodes.find((n) => isFloat(typeOf(n) ?? 'dynamic'));
  return (telling && names[typeOf(telling) as ElementType]) ?? 'FP32';
}
