import type { Infer } from '../ir/infer.js';
import { floorDiv, isNonNegative, mul, sub, type Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { numbersOf } from '../tensor/nd.js';
import { permuted } from './movement.js';
import { any, index, op, port } from './op.js';
import { over, plus, reshaped, shapeValue, sizesOf, times } from './sizes.js';
import { sliced } from './slice.js';

/** What crops leave of an axis. */
function left(ctx: Infer, axis: number, d: Dim, begin: Dim, end: Dim): Dim {
  const rest = sub(d, begin, end);
  ctx.require(`the crops of axis ${axis} leave something of it`, isNonNegative(rest));
  return rest;
}

/** Order in which the axes of [b1, …, N, D1, …] become [N, D1, b1, D2, b2, …]. */
const order = (k: number): number[] => [k, ...Array.from({ length: k }, (_, i) => [k + 1 + i, i]).flat()];

/**
 * Moves parts of the batch into blocks of the other axes, then crops: [N·Πb, D1, …] → [N, D1·b1 - crops, …]. The block of axis 0 is 1.
 * Spec: OpenVINO BatchToSpace-2.
 */
export const BatchToSpace = op('BatchToSpace', {
  inputs: [port('data', any, { least: 2 }), port('block_shape', index), port('crops_begin', index), port('crops_end', index)],
  outputs: [port('output', any)],
  since: { opset2: {} },

  infer({ data, block_shape, crops_begin, crops_end }, _, ctx) {
    const { type, shape } = data;
    if (!shape) return { type, shape: undefined };
    const blocks = ctx.constants(block_shape);
    const begin = ctx.sizes('crops_begin', crops_begin, shape.length);
    const end = ctx.sizes('crops_end', crops_end, shape.length);
    if (!blocks || !begin || !end) return { type, shape: ctx.freshShape(shape.length) };
    if (blocks.some((b) => b < 1) || blocks.length !== shape.length)
      ctx.fail(`block shape ${blocks.join(',')} does not fit rank ${shape.length}`);
    if (blocks[0] !== 1 || (typeof begin[0] === 'number' && begin[0] !== 0) || (typeof end[0] === 'number' && end[0] !== 0))
      ctx.fail('axis 0 is the batch: its block is 1, nothing is added to it or cut');
    const parts = blocks.reduce((a, b) => a * b, 1);
    const batch = floorDiv(shape[0] as Dim, parts);
    ctx.requireEqual(`the batch and its ${parts} parts`, shape[0] as Dim, mul(batch, parts));
    return {
      type,
      shape: shape.map((d, i) => (i === 0 ? batch : left(ctx, i, mul(d, blocks[i] as number), begin[i] as Dim, end[i] as Dim))),
    };
  },

  evaluate({ data, block_shape, crops_begin, crops_end }) {
    const blocks = numbersOf(block_shape);
    const parts = blocks.reduce((a, b) => a * b, 1);
    const [batch, ...rest] = data.shape as [number, ...number[]];
    if (batch % parts !== 0) throw new CuveeError('SHAPE_MISMATCH', `a batch of ${batch} has no ${parts} equal parts`);
    const split = { ...data, shape: [...blocks.slice(1), batch / parts, ...rest] };
    const whole = { ...permuted(split, order(rest.length)), shape: [batch / parts, ...rest.map((d, i) => d * (blocks[i + 1] as number))] };
    const end = numbersOf(crops_end);
    const axes = whole.shape.map((_, i) => i);
    return sliced(
      whole,
      axes,
      numbersOf(crops_begin),
      whole.shape.map((d, i) => d - (end[i] as number)),
      axes.map(() => 1),
    );
  },

  decompose(g, { data, block_shape, crops_begin, crops_end }) {
    const sizes = sizesOf(g, data);
    const known = [block_shape, crops_begin, crops_end].map((v) => v.fact.value && numbersOf(v.fact.value.nd()));
    const [blocks, begin, end] = known;
    if (!sizes || !blocks || !begin || !end) return undefined;
    const [batch, ...rest] = sizes as [(typeof sizes)[number], ...typeof sizes];
    const left = over(
      g,
      batch,
      blocks.reduce((a, b) => a * b, 1),
    );
    const split = g.transpose(reshaped(g, data, [...blocks.slice(1), left, ...rest]), g.ints(order(rest.length)), {});
    const grown = rest.map((d, i) => times(g, d, blocks[i + 1] as number));
    const whole = reshaped(g, split, [left, ...grown]);
    if ([...begin, ...end].every((c) => c === 0)) return whole;
    const stops = grown.map((d, i) => plus(g, d, -(end[i + 1] as number)));
    const axes = rest.map((_, i) => i + 1);
    return g.slice(whole, g.ints(begin.slice(1)), shapeValue(g, stops), g.ints(axes.map(() => 1)), g.ints(axes), {});
  },
});
