/** The order in which a graph's nodes are translated, and the checks of its wiring. */
import { CuveeError } from '@cuvee/core';
import type { AttributeProto, GraphProto, NodeProto } from './proto/index.js';

/** Names that bodies read from the graphs around them, by graph. */
const freeNames = new WeakMap<GraphProto, ReadonlySet<string>>();

/** Names that a node reads: its inputs and what its bodies read of the outside. */
function readsOf(node: NodeProto): readonly string[] {
  const names = node.input.includes('') ? node.input.filter((name) => name !== '') : node.input;
  return node.attribute.some(hasGraphs)
    ? [...names, ...node.attribute.flatMap(graphsOf).flatMap((graph) => [...freeNamesOf(graph)])]
    : names;
}

const hasGraphs = ({ g, graphs }: AttributeProto): boolean => g !== undefined || graphs.length > 0;
const graphsOf = ({ g, graphs }: AttributeProto): readonly GraphProto[] => (g ? [g, ...graphs] : graphs);

function freeNamesOf(graph: GraphProto): ReadonlySet<string> {
  const known = freeNames.get(graph);
  if (known) return known;
  const own = new Set<string>();
  for (const { name } of [...graph.input, ...graph.initializer]) own.add(name ?? '');
  for (const { values } of graph.sparseInitializer) own.add(values?.name ?? '');
  for (const node of graph.node) for (const name of node.output) own.add(name);
  const free = new Set<string>();
  for (const node of graph.node) for (const name of readsOf(node)) if (!own.has(name)) free.add(name);
  for (const { name = '' } of graph.output) if (!own.has(name)) free.add(name);
  freeNames.set(graph, free);
  return free;
}

const title = (node: NodeProto): string => `${node.opType ?? ''} "${node.name || node.output[0] || ''}"`;

/**
 * The nodes, each after those that make its inputs; the file's own order when that is already so, as ONNX demands.
 * `known` tells which names the graph's inputs, initialisers and surroundings bind.
 * Throws MODEL_INVALID for a name that nothing makes, one made twice, and cycles.
 */
export function orderNodes(nodes: readonly NodeProto[], known: (name: string) => boolean): readonly NodeProto[] {
  const producer = new Map<string, number>();
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[index] as NodeProto;
    for (let i = 0; i < node.output.length; i++) {
      const name = node.output[i] as string;
      if (name === '') continue;
      if (producer.has(name))
        throw new CuveeError(
          'MODEL_INVALID',
          `"${name}" is made twice: by ${title(nodes[producer.get(name) as number] as NodeProto)} and ${title(node)}`,
        );
      producer.set(name, index);
    }
  }
  const reads = nodes.map(readsOf);
  let sorted = true;
  for (let index = 0; index < reads.length; index++) {
    const names = reads[index] as readonly string[];
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const made = producer.get(name);
      if (made === undefined) {
        if (!known(name)) throw new CuveeError('MODEL_INVALID', `${title(nodes[index] as NodeProto)} reads "${name}", which nothing makes`);
      } else if (made >= index) sorted = false;
    }
  }
  if (sorted) return nodes;
  const order: NodeProto[] = [];
  const state = new Uint8Array(nodes.length); // 1: on the stack, 2: done
  const stack: { index: number; next: number }[] = [];
  for (let root = 0; root < nodes.length; root++) {
    if (state[root] === 2) continue;
    stack.push({ index: root, next: 0 });
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as { index: number; next: number };
      state[top.index] = 1;
      const name = (reads[top.index] as readonly string[])[top.next++];
      if (name === undefined) {
        state[top.index] = 2;
        order.push(nodes[top.index] as NodeProto);
        stack.pop();
        continue;
      }
      const made = producer.get(name);
      if (made === undefined || state[made] === 2) continue;
      if (state[made] === 1)
        throw new CuveeError('MODEL_INVALID', `${title(nodes[made] as NodeProto)} depends on its own output through "${name}"`);
      stack.push({ index: made, next: 0 });
    }
  }
  return order;
}
