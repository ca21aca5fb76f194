import type { Dim } from '../shape/index.js';
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import { CuveeError } from '../errors.js';
import { moved, numbersOf, sizeOf, stridesOf, type NdArray } from '../tensor/nd.js';
import { int } from './attributes.js';
import { place } from './movement.js';
import { any, current, index, op, port } from './op.js';

/** Offset of the slice that each tuple of the last axis of `indices` points to, within `shape` after its `batch` leading axes. */
export function tupleOffsets(indices: NdArray, shape: readonly number[], batch: number): number[] {
  const depth = indices.shape[indices.shape.length - 1] as number;
  if (batch + depth > shape.length)
    throw new CuveeError('SHAPE_MISMATCH', `indices of ${depth} numbers after ${batch} batch axes do not fit rank ${shape.length}`);
  const strides = stridesOf(shape);
  const given = numbersOf(indices);
  const tuples = sizeOf(indices.shape.slice(0, -1));
  const perBatch = sizeOf(indices.shape.slice(batch, -1));
  const batchSize = sizeOf(shape.slice(batch));
  return Array.from({ length: tuples }, (_, t) => {
    let offset = Math.floor(t / Math.max(perBatch, 1)) * batchSize;
    for (let i = 0; i < depth; i++)
      offset += place(given[t * depth + i] as number, shape[batch + i] as number) * (strides[batch + i] as number);
    return offset;
  });
}

function shapeOfParts(data: Fact, indices: Fact, batch: number, ctx: Infer): { batches: readonly Dim[]; rest: readonly Dim[] } | undefined {
  const x = data.shape;
  const places = indices.shape;
  const depth = places?.[places.length - 1];
  if (!x || !places || typeof depth !== 'number') return undefined;
  if (places.length <= batch || x.length <= batch)
    ctx.fail(`${batch} batch axes in indices of rank ${places.length} and data of rank ${x.length}`);
  if (batch + depth > x.length) ctx.fail(`indices of ${depth} numbers after ${batch} batch axes do not fit data of rank ${x.length}`);
  const batches = places.slice(0, batch).map((d, i) => ctx.requireEqual(`batch dimension ${i}`, d, x[i] as Dim));
  return { batches, rest: [...places.slice(batch, -1), ...x.slice(batch + depth)] };
}

/**
 * Slices of the data at index tuples, which lie along the last axis of `indices`; batch by batch over the first `batch_dims` axes.
 *
 * GatherND-5 joins the batch axes into one, GatherND-8 keeps them. Negative indices count from the end.
 * Spec: OpenVINO GatherND-8.
 */
export const GatherND = op('GatherND', {
  attributes: { batch_dims: int(0, { min: 0 }) },
  inputs: [port('data', any), port('indices', index, { least: 1 })],
  outputs: [port('output', any)],
  since: {
    opset5: {
      rebuild(g, [data, indices], { batch_dims }) {
        const out = g.gatherND(data as NonNullable<typeof data>, indices as NonNullable<typeof indices>, {
          batch_dims: batch_dims as number,
        });
        const batch = batch_dims as number;
        if (batch < 2) return [out];
        const { shape } = out.fact;
        if (!shape)
          throw new CuveeError('MODEL_UNSUPPORTED', `GatherND-5 "${out.node.name}" with ${batch} batch axes and unknown rank`, {
            op: 'GatherND',
            node: out.node.name,
          });
        const whole = g.shapeOf(out, {});
        const joined = g.concat([g.ints([-1]), g.slice(whole, g.ints([batch]), g.ints([shape.length]), g.ints([1]), undefined, {})], {
          axis: 0,
        });
        const sizes = shape.slice(batch);
        const pattern = sizes.every((d) => typeof d === 'number') && !sizes.includes(0) ? g.ints([-1, ...(sizes as number[])]) : joined;
        return [g.reshape(out, pattern, {})];
      },
    },
    opset8: current,
  },

  infer({ data, indices }, { batch_dims }, ctx) {
    const parts = shapeOfParts(data, indices, batch_dims, ctx);
    return { type: data.type, shape: parts && [...parts.batches, ...parts.rest] };
  },

  evaluate({ data, indices }, { batch_dims }) {
    const offsets = tupleOffsets(indices, data.shape, batch_dims);
    const depth = indices.shape[indices.shape.length - 1] as number;
    const tail = data.shape.slice(batch_dims + depth);
    const run = sizeOf(tail);
    const out = moved(data, [...indices.shape.slice(0, -1), ...tail]);
    offsets.forEach((from, t) => {
      for (let i = 0; i < run; i++) out.data[t * run + i] = data.data[from + i] as never;
    });
    return out;
  },

  traits: { moves: true },
});
