/** @file The order of nodes: sizes that only a step tells are told before another uses them, whatever the graph alone asks for. */
import { shape, type Dim, type Node } from '@cuvee/core';

/** Whose sizes a symbol's number comes from: a node's output, or a state. */
const keyOf = (origin: shape.Origin): string | undefined =>
  origin.kind === 'data' ? origin.node : origin.kind === 'state' ? `state ${origin.variable}` : undefined;

/** What nodes that tell sizes are asked for by: each that reads a state, and each with a size of its own. */
function tellers(nodes: readonly Node[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  nodes.forEach((node, at) => {
    const variable = node.op.traits.variable === 'read' ? node.attributes.variable_id : undefined;
    if (typeof variable === 'string') found.set(`state ${variable}`, found.get(`state ${variable}`) ?? at);
    else if (node.outputs.some((v) => v.fact.shape?.some((d) => isOwn(d, node)))) found.set(String(node.id), at);
  });
  return found;
}
const isOwn = (d: Dim, node: Node): boolean =>
  typeof d !== 'number' && shape.isSymbol(d) && [...shape.originsOf(d)].some((o) => o.kind === 'data' && o.node === String(node.id));

/**
 * The nodes in their order, but that one which tells a size comes before those that use it: equal sizes have one name, and it may be that of
 * a state that nobody has read yet. Where what tells a size depends on what uses it, their order stays.
 */
export function toldFirst(nodes: readonly Node[]): readonly Node[] {
  const told = tellers(nodes);
  if (told.size === 0) return nodes;
  const at = new Map(nodes.map((node, i) => [node, i]));
  /** For each node those that come before it. */
  const before = nodes.map((node) => node.inputs.flatMap((v) => (v ? (at.get(v.node) ?? []) : [])));
  const needs = (from: number, wanted: number): boolean => {
    const seen = new Set([from]);
    for (const next of seen) for (const b of before[next] as number[]) seen.add(b);
    return seen.has(wanted);
  };
  let moved = false;
  nodes.forEach((node, i) => {
    for (const v of node.outputs)
      for (const d of v.fact.shape ?? []) {
        if (typeof d === 'number') continue;
        for (const origin of shape.originsOf(d)) {
          const teller = told.get(keyOf(origin) ?? '') ?? -1;
          if (teller <= i || (before[i] as number[]).includes(teller) || needs(teller, i)) continue;
          (before[i] as number[]).push(teller);
          moved = true;
        }
      }
  });
  if (!moved) return nodes;
  const order: Node[] = [];
  const placed = new Set<number>();
  const place = (i: number): void => {
    if (placed.has(i)) return;
    placed.add(i);
    for (const b of before[i] as number[]) place(b);
    order.push(nodes[i] as Node);
  };
  nodes.forEach((_, i) => place(i));
  return order;
}
