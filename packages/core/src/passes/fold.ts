/** @file Constant folding by the rooms' `evaluate`. */
import type { Model } from '../ir/model.js';
import { evaluateNode } from '../ir/infer.js';
import { staticShape } from '../ir/fact.js';
import type { Node, Value } from '../ir/node.js';
import { applyPatch } from '../ir/patch.js';
import { builder } from '../opset/index.js';
import { atOnce, stride, type Steps } from '../runtime/steps.js';
import { byteSize } from '../tensor/element.js';
import { Literal } from '../tensor/literal.js';
import { sizeOf, type NdArray } from '../tensor/nd.js';

/** Largest result that is folded here; a device folds larger ones itself, natively. */
export const foldLimit = 1 << 20;

const isConstant = (v: Value | undefined): boolean => v === undefined || v.fact.value !== undefined;
const bytesOf = (v: Value): number => {
  const shape = staticShape(v.fact.shape);
  return shape ? byteSize(v.fact.type, sizeOf(shape)) : Number.POSITIVE_INFINITY;
};

/** Whether a node's outputs can be computed now, within the limit on every tensor involved. */
function foldable(node: Node, limit: number): boolean {
  const { op } = node;
  if (!op.evaluate || op.traits.impure || op.traits.control || op.name === 'Constant' || op.name === 'Result') return false;
  if (!node.inputs.every(isConstant) || node.inputs.length === 0) return node.outputs.every(isConstant);
  return node.outputs.every((v) => bytesOf(v) <= limit) && node.inputs.every((v) => !v || bytesOf(v) <= limit * 4);
}

/** Replaces every value that is known by a Constant. */
export const foldConstants = (model: Model, limit: number = foldLimit): void => atOnce(foldingConstants(model, limit));

/**
 * The same in steps. What happens to a node is a function of its own, of parts that are small: an engine compiles a hot function with all that it
 * calls at once, on a processor that inferences want.
 */
export function* foldingConstants(model: Model, limit: number = foldLimit): Steps<void> {
  const g = builder(model.scope);
  const nodes = model.nodes();
  for (let i = 0; i < nodes.length; i++) {
    if (i % stride === 0) yield;
    fold(model, g, nodes[i] as Node, limit);
  }
}

function fold(model: Model, g: ReturnType<typeof builder>, node: Node, limit: number): void {
  const { name } = node.op;
  if (name === 'Constant' || name === 'Result' || name === 'Parameter') return;
  if (foldable(node, limit)) replaceBy(model, g, node, literalsOf(node));
  else foldKnown(model, g, node);
}

/** What a foldable node gives. */
function literalsOf(node: Node): readonly Literal[] {
  if (node.outputs.every((v) => v.fact.value)) return node.outputs.map((v) => v.fact.value as Literal);
  const inputs = node.inputs.map((v) => v?.fact.value?.nd());
  return evaluateNode(node, inputs).map((a: NdArray) => Literal.fromNd(a));
}

/** Small integer values whose every element turned out to be a number (ShapeOf of a static shape). */
function foldKnown(model: Model, g: ReturnType<typeof builder>, node: Node): void {
  if (node.op.traits.impure || node.op.traits.control || !node.outputs.some(({ fact }) => fact.value ?? fact.elements)) return;
  const literals = node.outputs.map(({ fact }) => {
    if (fact.value) return fact.value;
    const shape = staticShape(fact.shape);
    return shape && fact.elements?.every((e) => typeof e === 'number' || typeof e === 'boolean')
      ? Literal.from(fact.type, shape, fact.elements as number[])
      : undefined;
  });
  if (literals.length > 0 && literals.every((l) => l !== undefined)) replaceBy(model, g, node, literals as Literal[]);
}

function replaceBy(model: Model, g: ReturnType<typeof builder>, node: Node, literals: readonly Literal[]): void {
  applyPatch(
    model,
    node.outputs.flatMap((old, i) => {
      if (old.users.size === 0) return [];
      const [fresh] = g.node(
        'Constant',
        [],
        { value: literals[i] },
        { name: node.outputs.length === 1 ? node.name : `${node.name}.${i}`, origin: node.origin },
      );
      return [[old, fresh as Value] as const];
    }),
    'constant folding',
  );
}
