/** @file Strongly connected components: what has to stay together, in an order in which it can run. */

/**
 * Components of a directed graph, each after all that lead to it (Tarjan, without recursion).
 * `edges[i]`: where node i leads to.
 */
export function components(edges: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const count = edges.length;
  const index = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const open = new Uint8Array(count);
  const stack: number[] = [];
  const found: number[][] = [];
  let next = 0;
  for (let root = 0; root < count; root++) {
    if (index[root] !== -1) continue;
    const path: { node: number; edge: number }[] = [{ node: root, edge: 0 }];
    while (path.length > 0) {
      const top = path[path.length - 1] as { node: number; edge: number };
      const { node } = top;
      if (top.edge === 0) {
        index[node] = low[node] = next++;
        stack.push(node);
        open[node] = 1;
      }
      const target = edges[node]?.[top.edge++];
      if (target !== undefined) {
        if (index[target] === -1) path.push({ node: target, edge: 0 });
        else if (open[target]) low[node] = Math.min(low[node] as number, index[target] as number);
        continue;
      }
      path.pop();
      const below = path[path.length - 1];
      if (below) low[below.node] = Math.min(low[below.node] as number, low[node] as number);
      if (low[node] !== index[node]) continue;
      const component: number[] = [];
      for (let member = -1; member !== node; ) {
        member = stack.pop() as number;
        open[member] = 0;
        component.push(member);
      }
      found.push(component.reverse());
    }
  }
  return found.reverse();
}
