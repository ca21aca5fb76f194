/** @file Finds what depends on constants alone and was too large to be folded in TypeScript. */
import { staticShape, type Model, type Node, type Value } from '@cuvee/core';

/** Nodes that run once, and the values of theirs that the rest of the model reads. */
export interface ConstantPart {
  readonly nodes: ReadonlySet<Node>;
  readonly boundary: readonly Value[];
}

const views = new Set(['Reshape', 'Squeeze', 'Unsqueeze']);

/** The value whose memory a chain of reshapes looks at. */
export function behindViews(value: Value): Value {
  let base = value;
  while (views.has(base.node.op.name) && base.node.inputs[0]) base = base.node.inputs[0];
  return base;
}

/** `known`: needs no step at all. Values that the rest reads must have a static shape, else their makers stay with the rest. */
export function constantPart(model: Model, known: (node: Node) => boolean): ConstantPart {
  const nodes = new Set<Node>();
  // Elements that are sizes of inputs are known, but not before an inference.
  const constant = (v: Value | undefined): boolean => v === undefined || v.fact.value !== undefined || nodes.has(v.node) || (known(v.node) && v.fact.elements?.every((e) => typeof e === 'number') === true);
  for (const node of model.nodes()) {
    const { name, traits } = node.op;
    if (name === 'Parameter' || name === 'Result' || name === 'Constant' || traits.impure || traits.control || known(node)) continue;
    if (node.inputs.length > 0 && node.inputs.every(constant)) nodes.add(node);
  }
  const outside = (v: Value): boolean => [...v.users].some((user) => !nodes.has(user));
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of nodes) {
      if (!node.outputs.some((v) => outside(v) && staticShape(v.fact.shape) === undefined)) continue;
      nodes.delete(node);
      changed = true;
    }
  }
  return { nodes, boundary: [...nodes].flatMap((n) => n.outputs.filter(outside)) };
}
