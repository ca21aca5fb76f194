/** @file What devices over devices ask of a model before they choose: answered without its graph where that is not read yet. */
import { isFloat, type ElementType } from '../tensor/element.js';
import type { Model, ToldModel } from './model.js';
import type { Node } from './node.js';
import { portTexts } from './ports.js';

const names: Partial<Record<ElementType, string>> = { f16: 'FP16', bf16: 'BF16', f64: 'FP64' };
const typeOf = (node: Node): ElementType | undefined => node.outputs[0]?.fact.type;

/** A node with weights: a constant of two dimensions or more goes into it, and numbers come out. */
const isHeavy = (node: Node): boolean =>
  isFloat(typeOf(node) ?? 'dynamic') && node.inputs.some((value) => (value?.fact.value?.shape.length ?? 0) > 1);

/**
 * The precision of a model, as devices call what they can: INT8 when it is quantised; else the type in which its first operation with weights
 * computes, or any (FP32, FP16, BF16, FP64); FP32 when none is known.
 */
export function modelPrecision(model: Model): string {
  if (model.unread) return model.unread.told.precision;
  const nodes = model.nodes();
  if (nodes.some((n) => typeof n.attributes.levels === 'number')) return 'INT8';
  const telling = nodes.find(isHeavy) ?? nodes.find((n) => isFloat(typeOf(n) ?? 'dynamic'));
  return (telling && names[typeOf(telling) as ElementType]) ?? 'FP32';
}

/** Whether something lives from one inference to the next. */
export const hasStates = (model: Model): boolean =>
  model.unread?.told.states ?? model.nodes().some((n) => n.attributes.variable_id !== undefined);

/** All that can be known without the graph. */
export const tellModel = (model: Model): ToldModel => ({
  name: model.name,
  friendlyName: model.friendlyName,
  rtInfo: model.rtInfo,
  path: undefined,
  ports: portTexts(model),
  precision: modelPrecision(model),
  states: hasStates(model),
});
