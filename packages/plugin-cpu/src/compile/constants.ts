/** @file Finds what depends on constants alone and was too large to be folded in TypeScript. */
import { staticShape, type Fact, type Model, type Node, type Value } from '@cuvee/core';
import { names } from '../ops/names.js';

/** Nodes that run once, and the values of theirs that the rest of the model reads. */
export interface ConstantPart {
  readonly nodes: ReadonlySet<Node>;
  readonly boundary: readonly Value[];
}

const views = new Set<string>([names.reshape, names.squeeze, names.unsqueeze]);

/** The value whose memory a chain of reshapes looks at. */
export function behindViews(value: Value): Value {
  let base = value;
  while (views.has(base.node.op.name) && base.node.inputs[0]) base = base.node.inputs[0];
  return base;
}

/** Nodes that `needsNoStep` holds for are not looked at. Values that the rest reads must have a static shape, else their makers stay with the rest. */
export function constantPart(model: Model, needsNoStep: (node: Node) => boolean): ConstantPart {
  const order = model.nodes();
  const all = new Set(order);
  const nodes = new Set<Node>();
  // Elements that are sizes of inputs are known, but not before an inference.
  const fixed = ({ value, elements }: Fact): boolean =>
    value !== undefined || elements?.every((e) => typeof e === 'number' || typeof e === 'boolean') === true;
  const constant = (v: Value | undefined): boolean => v === undefined || fixed(v.fact) || nodes.has(v.node);
  const users = (v: Value): Node[] => [...v.users].filter((user) => all.has(user));
  const outside = (v: Value): boolean => users(v).some((user) => !nodes.has(user));
  for (const node of order) {
    const { name, traits } = node.op;
    if (name === 'Parameter' || name === 'Result' || name === 'Constant' || traits.impure || traits.control || needsNoStep(node)) continue;
    if (node.inputs.length > 0 && node.inputs.every(constant)) nodes.add(node);
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of order) {
      if (!nodes.has(node)) continue;
      const stays = node.outputs.some((v) => outside(v) && staticShape(v.fact.shape) === undefined) || !node.inputs.every(constant);
      if (!stays) continue;
      nodes.delete(node);
      changed = true;
    }
  }
  return { nodes, boundary: order.filter((n) => nodes.has(n)).flatMap((n) => n.outputs.filter(outside)) };
}
