/** @file The layout that a Parameter or Result carries in its run-time information, through IR files too. */
import type { Node } from '../ir/node.js';
import { Layout } from './layout.js';

/** The layout of a Parameter or Result; empty when it has none. */
export const layoutOf = (node: Node): Layout => new Layout(node.rtInfo?.layout?.layout ?? '');

/** Gives a node a layout, beside other information; an empty one takes it away. */
export function withLayout(node: Node, layout: Layout, other: Node['rtInfo'] = node.rtInfo): void {
  const { layout: _, ...rest } = other ?? {};
  const all = layout.isEmpty ? rest : { ...rest, layout: { version: '0', layout: layout.toString() } };
  node.rtInfo = Object.keys(all).length > 0 ? all : undefined;
}
