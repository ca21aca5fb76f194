import type { Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { normalizeAxis, numberOf, numbersOf, sizeOf } from '../tensor/nd.js';
import { sameType } from './elementwise.js';
import { copied, inferAxis, place } from './movement.js';
import { any, index, op, port } from './op.js';

/**
 * The data with slices along `axis` replaced: output[..., indices, ...] = updates. The last of equal indices wins.
 * Spec: OpenVINO ScatterUpdate-3.
 */
export const ScatterUpdate = op('ScatterUpdate', {
  inputs: [port('data', any), port('indices', index), port('updates', any), port('axis', index, 'one')],
  outputs: [port('output', any)],
  since: { opset3: {} },

  infer({ data, indices, updates, axis }, _, ctx) {
    const type = sameType(ctx, data, updates);
    const at = ctx.constants(axis)?.[0];
    if (data.shape && indices.shape && updates.shape && at !== undefined) {
      const along = inferAxis(ctx, at, data.shape.length);
      const expected = [...data.shape.slice(0, along), ...indices.shape, ...data.shape.slice(along + 1)];
      if (updates.shape.length !== expected.length) ctx.fail(`the updates have rank ${updates.shape.length}, expected ${expected.length}`);
      expected.forEach((d, i) => ctx.requireEqual(`dimension ${i} of the updates`, d, updates.shape?.[i] as Dim));
    }
    return { type, shape: data.shape };
  },

  evaluate({ data, indices, updates, axis }) {
    const along = normalizeAxis(numberOf(axis), data.shape.length);
    const out = copied(data);
    const length = data.shape[along] as number;
    const inner = sizeOf(data.shape.slice(along + 1));
    const outer = sizeOf(data.shape.slice(0, along));
    const where = numbersOf(indices).map((i) => place(i, length));
    if (updates.data.length !== outer * where.length * inner)
      throw new CuveeError(
        'SHAPE_MISMATCH',
        `updates of shape [${updates.shape.join(',')}] do not fit ${where.length} slices along axis ${along} of [${data.shape.join(',')}]`,
      );
    for (let o = 0; o < outer; o++) {
      where.forEach((p, k) => {
        for (let i = 0; i < inner; i++) out.data[(o * length + p) * inner + i] = updates.data[(o * where.length + k) * inner + i] as never;
      });
    }
    return out;
  },

  traits: { moves: true, inPlace: 'data' },
});
