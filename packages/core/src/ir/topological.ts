/** @file The order in which nodes can be computed. */
import { CuveeError } from '../errors.js';
import type { Node } from './node.js';

/** Depth-first order without recursion. Throws MODEL_INVALID on a cycle, naming a node on it. */
export function topological(roots: readonly Node[]): readonly Node[] {
  const open = ++walks;
  const done = ++walks;
  const order: Node[] = [];
  const stack: Node[] = []; // the way from the root, and for each node its next input
  const next: number[] = [];
  for (let i = 0; i < roots.length; i++) {
    const root = roots[i] as Node;
    if (root.walk === done) continue;
    let depth = 0;
    stack[0] = root;
    next[0] = 0;
    root.walk = open;
    while (depth >= 0) {
      const top = stack[depth] as Node;
      const at = next[depth] as number;
      if (at >= top.inputs.length) {
        depth--;
        top.walk = done;
        order.push(top);
        continue;
      }
      next[depth] = at + 1;
      const node = top.inputs[at]?.node;
      if (!node || node.walk === done) continue;
      if (node.inputs.length === 0) {
        node.walk = done;
        order.push(node);
        continue;
      }
      if (node.walk === open)
        throw new CuveeError('MODEL_INVALID', `"${node.name}" depends on itself`, { op: node.op.name, node: node.name });
      depth++;
      stack[depth] = node;
      next[depth] = 0;
      node.walk = open;
    }
  }
  return order;
}
/** Marks that walks have left on nodes so far. */
let walks = 0;

/** A mark that no node has. */
export const newMark = (): number => ++walks;
