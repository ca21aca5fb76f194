import type { Infer } from '../ir/infer.js';
import type { Dim } from '../shape/index.js';
import { moved, normalizeAxis, numberOf, numbersOf, sizeOf } from '../tensor/nd.js';
import { int } from './attributes.js';
import { inferAxis, place } from './movement.js';
import { any, current, index, op, port } from './op.js';

/**
 * Slices of the data along `axis` at the given indices: output = data[..., indices, ...], batch by batch over the first `batch_dims` axes.
 *
 * Negative indices count from the end (Gather-8; older versions left them undefined). An index outside the axis is an error.
 * Spec: OpenVINO Gather-8.
 */
export const Gather = op('Gather', {
  attributes: { batch_dims: int(0) },
  inputs: [port('data', any), port('indices', index), port('axis', index, 'one')],
  outputs: [port('output', any)],
  since: { opset1: { attributes: {} }, opset7: current, opset8: current },

  infer({ data, indices, axis }, { batch_dims }, ctx) {
    const { type, shape } = data;
    const places = indices.shape;
    if (!shape || !places) return { type, shape: undefined };
    const batch = batchDims(ctx, batch_dims, places.length);
    const at = ctx.constants(axis)?.[0];
    if (at === undefined) return { type, shape: ctx.freshShape(shape.length + places.length - batch - 1) };
    const along = inferAxis(ctx, at, shape.length);
    if (along < batch) ctx.fail(`axis ${along} lies within the ${batch} batch axes`);
    const shared = shape.slice(0, batch).map((d, i) => ctx.requireEqual(`batch dimension ${i}`, d, places[i] as Dim));
    return { type, shape: [...shared, ...shape.slice(batch, along), ...places.slice(batch), ...shape.slice(along + 1)] };
  },

  evaluate({ data, indices, axis }, { batch_dims }) {
    const along = normalizeAxis(numberOf(axis), data.shape.length);
    const batch = batch_dims < 0 ? batch_dims + indices.shape.length : batch_dims;
    const length = data.shape[along] as number;
    const where = numbersOf(indices).map((i) => place(i, length));
    const batches = sizeOf(data.shape.slice(0, batch));
    const outer = sizeOf(data.shape.slice(batch, along));
    const inner = sizeOf(data.shape.slice(along + 1));
    const count = sizeOf(indices.shape.slice(batch));
    const out = moved(data, [...data.shape.slice(0, along), ...indices.shape.slice(batch), ...data.shape.slice(along + 1)]);
    let to = 0;
    for (let b = 0; b < batches; b++) {
      for (let o = 0; o < outer; o++) {
        for (let k = 0; k < count; k++) {
          const from = ((b * outer + o) * length + (where[b * count + k] as number)) * inner;
          for (let i = 0; i < inner; i++) out.data[to++] = data.data[from + i] as never;
        }
      }
    }
    return out;
  },

  traits: { moves: true },
});

/** Number of leading batch axes, counted from the end of the indices' rank when negative. */
export function batchDims(ctx: Infer, batch_dims: number, rank: number): number {
  const batch = batch_dims < 0 ? batch_dims + rank : batch_dims;
  if (batch < 0 || batch > rank) ctx.fail(`batch_dims ${batch_dims} is outside the indices' rank ${rank}`);
  return batch;
}
