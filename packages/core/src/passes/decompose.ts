/** @file Replaces operations by simpler ones where the device does not want them whole. */
import { CuveeError } from '../errors.js';
import { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { applyPatch } from '../ir/patch.js';
import { builder } from '../opset/index.js';
import { atOnce, stride, type Steps } from '../runtime/steps.js';

/** Rounds of decomposition before a room that decomposes into itself is reported. */
const rounds = 16;

/** Decomposes every node that `keeps` does not claim, again and again, bodies included. */
export const decompose = (model: Model, keeps: (node: Node) => boolean): void => atOnce(decomposing(model, keeps));

/** The same in steps. */
export function* decomposing(model: Model, keeps: (node: Node) => boolean): Steps<void> {
  const bodies = new Set<Model>();
  // After the first round only nodes that were not there before have their turn, and those that read what is decomposed now.
  let before: ReadonlySet<Node> | undefined;
  const again = new Set<Node>();
  for (let round = 0; round < rounds; round++) {
    let changed = false;
    const nodes = model.nodes();
    for (let i = 0; i < nodes.length; i++) {
      if (i % stride === 0) yield;
      const node = nodes[i] as Node;
      if (before?.has(node) && !again.has(node)) continue;
      const readers = before && node.op.decompose ? node.outputs.flatMap((v) => [...v.users]) : [];
      if (node.op.decompose && !keeps(node) && decomposeNode(model, node)) {
        changed = true;
        for (const reader of readers) again.add(reader);
        continue; // bodies that became part of the model are looked at in the next round, those dropped never
      }
      if (!node.op.traits.control) continue;
      // Decompositions bring bodies of their own.
      for (const value of Object.values(node.attributes)) {
        if (!(value instanceof Model) || bodies.has(value)) continue;
        bodies.add(value);
        yield* decomposing(value, keeps);
      }
    }
    if (!changed) return;
    before = new Set(nodes);
  }
  throw new CuveeError('INTERNAL', `decomposition of "${model.name}" did not end after ${rounds} rounds`);
}

function decomposeNode(model: Model, node: Node): boolean {
  const g = builder(model.scope);
  g.origin = node.origin;
  try {
    const outputs = node.op.decompose?.(g, node.inputs, node.attributes);
    if (!outputs) return false;
    applyPatch(
      model,
      node.outputs.map((old, i) => [old, outputs[i] ?? old] as const),
      `decomposition of ${node.op.name}`,
    );
    return true;
  } catch (error) {
    throw CuveeError.wrap(`decomposing ${node.op.name} "${node.name}"`, error);
  }
}
