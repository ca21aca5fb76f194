/** Finds what a model needs and the frontend lacks, before anything is translated. */
import { CuveeError } from '@cuvee/core';
import type { AttributeProto, GraphProto, ModelProto, NodeProto } from './proto/index.js';
import type { FindOp } from './own.js';
import { domainOf, type Functions } from './functions.js';

/**
 * Throws MODEL_UNSUPPORTED naming every operator that is neither known nor a function of the model, with the number of
 * nodes that call it: in the graph, in bodies, and in the functions that are called.
 */
export function refuseUnknown(model: ModelProto, functions: Functions, findOp: FindOp): void {
  const counts = new Map<string, number>();
  const called = new Set<unknown>();
  const graphs: GraphProto[] = model.graph ? [model.graph] : [];
  const lists: (readonly NodeProto[])[] = [];
  while (graphs.length > 0 || lists.length > 0) {
    const nodes = lists.pop() ?? (graphs.pop() as GraphProto).node;
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at] as NodeProto;
      for (let i = 0; i < node.attribute.length; i++) {
        const { g, graphs: more } = node.attribute[i] as AttributeProto;
        if (g) graphs.push(g);
        if (more.length > 0) graphs.push(...more);
      }
      const domain = domainOf(node.domain),
        op = node.opType ?? '';
      if (findOp(domain, op)) continue;
      const body = functions.find(node);
      if (!body) {
        const title = domain === '' ? op || '(no name)' : `${domain}.${op}`;
        counts.set(title, (counts.get(title) ?? 0) + 1);
      } else if (!called.has(body)) {
        called.add(body);
        lists.push(body.node);
      }
    }
  }
  if (counts.size === 0) return;
  const listed = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([op, count]) => `${op} (${count}×)`);
  throw new CuveeError(
    'MODEL_UNSUPPORTED',
    `${counts.size} operator${counts.size === 1 ? ' is' : 's are'} not supported: ${listed.join(', ')}`,
  );
}
