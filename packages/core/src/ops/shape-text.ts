import type { Infer } from '../ir/infer.js';
import type { Dim, Shape } from '../shape/index.js';
import { PartialShape } from '../shape/partial-shape.js';

/** A partial shape's text as a shape: each open dimension becomes a symbol of this parameter. */
export function createPartialShape(text: string, ctx: Pick<Infer, 'scope' | 'node'>): Shape {
  const partial = PartialShape.parse(text);
  return partial.dimensions?.map(([lo, hi], axis): Dim => {
    if (lo === hi) return lo;
    return ctx.scope.symbol({ kind: 'input', port: ctx.node.id, axis }, [lo, hi], `${ctx.node.name}.${axis}`);
  });
}
