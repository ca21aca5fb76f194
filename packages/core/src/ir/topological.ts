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
  for (const root of roots) {
    if (root.walk === done) continue;
    stack.push(root);
    next.push(0);
    root.walk = open;
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as Node;
      const at = next[next.length - 1] as number;
      if (at >= top.inputs.length) {
        stack.pop();
        next.pop();
        top.walk = done;
        order.push(top);
        continue;
      }
      next[next.length - 1] = at + 1;
      const node = top.inputs[at]?.node;
      if (!node || node.walk === done) continue;
      if (node.walk === open)
        throw new CuveeError('MODEL_INVALID', `"${node.name}" depends on itself`, { op: node.op.name, node: node.name });
      stack.push(node);
      next.push(0);
      node.walk = open;
    }
  }
  return order;
}
/** Marks that walks have left on nodes so far. */
let walks = 0;

/** A mark that no node has. */
export const newMark = (): number => ++walks;
