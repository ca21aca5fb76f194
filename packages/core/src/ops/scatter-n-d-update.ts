import type { Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { sizeOf } from '../tensor/nd.js';
import { oneOf } from './attributes.js';
import { sameType } from './elementwise.js';
import { tupleOffsets } from './gather-n-d.js';
import { copied } from './movement.js';
import { any, current, index, op, port } from './op.js';
import { combiner } from './scatter.js';

/**
 * The data with the slices at index tuples replaced by, or joined with, updates. Tuples lie along the last axis of `indices`.
 *
 * Without a reduction the last of equal tuples wins.
 * Spec: OpenVINO ScatterNDUpdate-15.
 */
export const ScatterNDUpdate = op('ScatterNDUpdate', {
  attributes: { reduction: oneOf(['none', 'sum', 'sub', 'prod', 'min', 'max'], 'none') },
  inputs: [port('data', any), port('indices', index, { least: 1 }), port('updates', any)],
  outputs: [port('output', any)],
  since: { opset4: { attributes: {} }, opset15: current },

  infer({ data, indices, updates }, _, ctx) {
    const type = sameType(ctx, data, updates);
    const depth = indices.shape?.[indices.shape.length - 1];
    if (data.shape && indices.shape && typeof depth === 'number') {
      if (depth > data.shape.length) ctx.fail(`index tuples of ${depth} numbers, data of rank ${data.shape.length}`);
      const expected = [...indices.shape.slice(0, -1), ...data.shape.slice(depth)];
      // A scalar update stands for every element.
      if (updates.shape && updates.shape.length === expected.length)
        expected.forEach((d, i) => ctx.requireEqual(`dimension ${i} of the updates`, d, updates.shape?.[i] as Dim));
      else if (updates.shape && updates.shape.length > 0)
        ctx.fail(`the updates have rank ${updates.shape.length}, expected ${expected.length}`);
    }
    return { type, shape: data.shape };
  },

  evaluate({ data, indices, updates }, { reduction }) {
    const offsets = tupleOffsets(indices, data.shape, 0);
    const run = sizeOf(data.shape.slice(indices.shape[indices.shape.length - 1] as number));
    const single = updates.data.length === 1;
    if (updates.data.length !== offsets.length * run && !single)
      throw new CuveeError(
        'SHAPE_MISMATCH',
        `updates of shape [${updates.shape.join(',')}] do not fit ${offsets.length} slices of ${run} elements`,
      );
    const combine = combiner(data.type, reduction);
    const out = copied(data);
    offsets.forEach((to, t) => {
      for (let i = 0; i < run; i++) out.data[to + i] = combine(out.data[to + i], updates.data[single ? 0 : t * run + i]) as never;
    });
    return out;
  },

  traits: { moves: ({ reduction }) => reduction === 'none', inPlace: 'data' },
});
