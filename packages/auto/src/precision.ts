/** @file The precision of a model, as devices call what they can: FP32, FP16, BF16, INT8. */
import { type ElementType, type Model } from '@cuvee/core';

const heavy = /^(Group)?Convolution(BackpropData)?$|^MatMul$/;
const names: Partial<Record<ElementType, string>> = { f16: 'FP16', bf16: 'BF16', f64: 'FP64', i8: 'INT8', u8: 'INT8' };

/** INT8 when it is quantised; else the type in which its first convolution or product computes; FP32 when there is none. */
export function precisionOf(model: Model): string {
  const nodes = model.nodes();
  if (nodes.some((n) => n.op.name === 'FakeQuantize')) return 'INT8';
  const type = nodes.find((n) => heavy.test(n.op.name))?.outputs[0]?.fact.type ?? model.inputs[0]?.fact.type;
  return (type && names[type]) ?? 'FP32';
}
