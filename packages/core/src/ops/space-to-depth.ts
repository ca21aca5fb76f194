import { mul, type Dim } from '../shape/index.js';
import { permuted } from './movement.js';
import { blockAttributes, quotient } from './depth-to-space.js';
import { any, op, port } from './op.js';
import { over, reshaped, sizesOf, times } from './sizes.js';

/** Order in which the axes of [N, C, D1, b1, D2, b2, …] become [N, blocks…, C, D…] or [N, C, blocks…, D…]. */
function order(k: number, blocksFirst: boolean): number[] {
  const blocks = Array.from({ length: k }, (_, i) => 3 + 2 * i);
  const spatial = Array.from({ length: k }, (_, i) => 2 + 2 * i);
  return blocksFirst ? [0, ...blocks, 1, ...spatial] : [0, 1, ...blocks, ...spatial];
}

/** Moves blocks of space into the channels: [N, C, D1·b, …] → [N, C·b^k, D1, …]; the inverse of DepthToSpace. Spec: OpenVINO SpaceToDepth-1. */
export const SpaceToDepth = op('SpaceToDepth', {
  attributes: blockAttributes,
  inputs: [port('data', any)],
  outputs: [port('output', any)],

  infer({ data }, { block_size: b }, ctx) {
    const { type, shape } = data;
    if (!shape) return { type, shape: undefined };
    if (shape.length < 3) ctx.fail(`the data has rank ${shape.length}, at least 3 is needed`);
    const [n, c, ...spatial] = shape as [Dim, Dim, ...Dim[]];
    return { type, shape: [n, mul(c, b ** spatial.length), ...spatial.map((d, i) => quotient(ctx, `axis ${i + 2}`, d, b))] };
  },

  evaluate({ data }, { block_size: b, mode }) {
    const [n, c, ...spatial] = data.shape as [number, number, ...number[]];
    const split = { ...data, shape: [n, c, ...spatial.flatMap((d) => [d / b, b])] };
    return {
      ...permuted(split, order(spatial.length, mode === 'blocks_first')),
      shape: [n, c * b ** spatial.length, ...spatial.map((d) => d / b)],
    };
  },

  decompose(g, { data }, { block_size: b, mode }) {
    const sizes = sizesOf(g, data);
    if (!sizes) return undefined;
    const [n, c, ...spatial] = sizes as [(typeof sizes)[number], (typeof sizes)[number], ...typeof sizes];
    const parts = spatial.map((d) => over(g, d, b));
    const split = reshaped(g, data, [n, c, ...parts.flatMap((d) => [d, b])]);
    return reshaped(g, g.transpose(split, g.ints(order(spatial.length, mode === 'blocks_first')), {}), [
      n,
      times(g, c, b ** spatial.length),
      ...parts,
    ]);
  },
});
