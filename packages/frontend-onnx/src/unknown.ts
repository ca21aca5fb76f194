/** Finds what a model needs and the frontend lacks, before anything is translated. */
import { CuveeError } from '@cuvee/core';
import type { GraphProto, ModelProto, NodeProto } from './proto/index.js';
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
    for (const node of nodes) {
      for (const attribute of node.attribute) {
        if (attribute.g) graphs.push(attribute.g);
        graphs.push(...attribute.graphs);
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
