import type { Infer } from '../ir/infer.js';
import { floorDiv, mul, type Dim } from '../shape/index.js';
import type { Fact } from '../ir/fact.js';
import { int, oneOf } from './attributes.js';
import { permuted } from './movement.js';
import { any, op, port } from './op.js';
import { over, reshaped, sizesOf, times } from './sizes.js';

/** Attributes of DepthToSpace and its inverse. */
export const blockAttributes = { block_size: int(1, { min: 1 }), mode: oneOf(['blocks_first', 'depth_first']) };

/** An exact quotient of a dimension. */
export function quotient(ctx: Infer, what: string, d: Dim, by: number): Dim {
  const q = floorDiv(d, by);
  const [least, most] = ctx.scope.bounds(d);
  if (Math.ceil(least / by) <= Math.floor(most / by)) ctx.scope.refine(q, [Math.ceil(least / by), Math.floor(most / by)]);
  ctx.requireEqual(`${what} and its ${by} parts`, d, mul(q, by));
  return q;
}

/** Order in which the axes of [N, blocks…, C, spatial…] (blocks first) or [N, C, blocks…, spatial…] become [N, C, D1, b1, D2, b2, …]. */
function order(k: number, blocksFirst: boolean): number[] {
  const pairs = Array.from({ length: k }, (_, i) => [k + 2 + i, (blocksFirst ? 1 : 2) + i]).flat();
  return [0, blocksFirst ? k + 1 : 1, ...pairs];
}

/**
 * Moves blocks of channels into blocks of space: [N, C·b^k, D1, …] → [N, C, D1·b, …]. The channel axis counts blocks first, or depth first.
 * Spec: OpenVINO DepthToSpace-1.
 */
export const DepthToSpace = op('DepthToSpace', {
  attributes: blockAttributes,
  inputs: [port('data', any)],
  outputs: [port('output', any)],

  infer({ data }, { block_size: b }, ctx) {
    const { type, shape } = data as Fact;
    if (!shape) return { type, shape: undefined };
    if (shape.length < 3) ctx.fail(`the data has rank ${shape.length}, at least 3 is needed`);
    const [n, c, ...spatial] = shape as [Dim, Dim, ...Dim[]];
    return { type, shape: [n, quotient(ctx, 'the channels', c, b ** spatial.length), ...spatial.map((d) => mul(d, b))] };
  },

  evaluate({ data }, { block_size: b, mode }) {
    const [n, c, ...spatial] = data.shape as [number, number, ...number[]];
    const blocks = spatial.map(() => b);
    const depth = c / b ** spatial.length;
    const first = mode === 'blocks_first';
    const split = { ...data, shape: first ? [n, ...blocks, depth, ...spatial] : [n, depth, ...blocks, ...spatial] };
    return { ...permuted(split, order(spatial.length, first)), shape: [n, depth, ...spatial.map((d) => d * b)] };
  },

  decompose(g, { data }, { block_size: b, mode }) {
    const sizes = sizesOf(g, data);
    if (!sizes) return undefined;
    const [n, c, ...spatial] = sizes as [(typeof sizes)[number], (typeof sizes)[number], ...typeof sizes];
    const blocks = spatial.map(() => b);
    const depth = over(g, c, b ** spatial.length);
    const first = mode === 'blocks_first';
    const split = reshaped(g, data, first ? [n, ...blocks, depth, ...spatial] : [n, depth, ...blocks, ...spatial]);
    return reshaped(g, g.transpose(split, g.ints(order(spatial.length, first)), {}), [n, depth, ...spatial.map((d) => times(g, d, b))]);
  },
});
