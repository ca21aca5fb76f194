import { add, mul, type Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { moved, numbersOf, stridedOffsets, stridesOf } from '../tensor/nd.js';
import { quotient } from './depth-to-space.js';
import { permuted } from './movement.js';
import { any, index, op, port } from './op.js';
import { over, plus, reshaped, sizesOf, times } from './sizes.js';

/** Order in which the axes of [N, D1, b1, D2, b2, …] become [b1, b2, …, N, D1, D2, …]. */
const order = (k: number): number[] => [
  ...Array.from({ length: k }, (_, i) => 2 + 2 * i),
  0,
  ...Array.from({ length: k }, (_, i) => 1 + 2 * i),
];

/**
 * Pads with zeros and moves blocks of the other axes into the batch: [N, D1, …] → [N·Πb, (D1 + pads)/b1, …]; the inverse of BatchToSpace.
 * Spec: OpenVINO SpaceToBatch-2.
 */
export const SpaceToBatch = op('SpaceToBatch', {
  inputs: [port('data', any, { least: 2 }), port('block_shape', index), port('pads_begin', index), port('pads_end', index)],
  outputs: [port('output', any)],
  since: { opset2: {} },

  infer({ data, block_shape, pads_begin, pads_end }, _, ctx) {
    const { type, shape } = data;
    if (!shape) return { type, shape: undefined };
    const blocks = ctx.constants(block_shape);
    const begin = ctx.sizes('pads_begin', pads_begin, shape.length);
    const end = ctx.sizes('pads_end', pads_end, shape.length);
    if (!blocks || !begin || !end) return { type, shape: ctx.freshShape(shape.length) };
    if (blocks.some((b) => b < 1) || blocks.length !== shape.length)
      ctx.fail(`block shape ${blocks.join(',')} does not fit rank ${shape.length}`);
    if (blocks[0] !== 1 || (typeof begin[0] === 'number' && begin[0] !== 0) || (typeof end[0] === 'number' && end[0] !== 0))
      ctx.fail('axis 0 is the batch: its block is 1, nothing is added to it or cut');
    const parts = blocks.reduce((a, b) => a * b, 1);
    return {
      type,
      shape: shape.map((d, i) =>
        i === 0 ? mul(d, parts) : quotient(ctx, `padded axis ${i}`, add(d, begin[i] as Dim, end[i] as Dim), blocks[i] as number),
      ),
    };
  },

  evaluate({ data, block_shape, pads_begin, pads_end }) {
    const blocks = numbersOf(block_shape);
    const begin = numbersOf(pads_begin);
    const end = numbersOf(pads_end);
    const padded = moved(
      data,
      data.shape.map((d, i) => d + (begin[i] as number) + (end[i] as number)),
    );
    if (padded.shape.some((d, i) => d % (blocks[i] as number) !== 0))
      throw new CuveeError('SHAPE_MISMATCH', `[${padded.shape.join(',')}] has no whole blocks of [${blocks.join(',')}]`);
    const strides = stridesOf(padded.shape);
    const start = begin.reduce((sum, p, i) => sum + p * (strides[i] as number), 0);
    stridedOffsets(data.shape, strides, start).forEach((to, from) => {
      padded.data[to] = data.data[from] as never;
    });
    const [batch, ...rest] = padded.shape as [number, ...number[]];
    const split = { ...padded, shape: [batch, ...rest.flatMap((d, i) => [d / (blocks[i + 1] as number), blocks[i + 1] as number])] };
    return {
      ...permuted(split, order(rest.length)),
      shape: [batch * blocks.reduce((a, b) => a * b, 1), ...rest.map((d, i) => d / (blocks[i + 1] as number))],
    };
  },

  decompose(g, { data, block_shape, pads_begin, pads_end }) {
    const sizes = sizesOf(g, data);
    const [blocks, begin, end] = [block_shape, pads_begin, pads_end].map((v) => v.fact.value && numbersOf(v.fact.value.nd()));
    if (!sizes || !blocks || !begin || !end) return undefined;
    const padded = [...begin, ...end].every((p) => p === 0) ? data : g.pad(data, pads_begin, pads_end, undefined, { pad_mode: 'constant' });
    const [batch, ...rest] = sizes as [(typeof sizes)[number], ...typeof sizes];
    const parts = rest.map((d, i) => over(g, plus(g, d, (begin[i + 1] as number) + (end[i + 1] as number)), blocks[i + 1] as number));
    const split = reshaped(g, padded, [batch, ...parts.flatMap((d, i) => [d, blocks[i + 1] as number])]);
    return reshaped(g, g.transpose(split, g.ints(order(rest.length)), {}), [
      times(
        g,
        batch,
        blocks.reduce((a, b) => a * b, 1),
      ),
      ...parts,
    ]);
  },
});
