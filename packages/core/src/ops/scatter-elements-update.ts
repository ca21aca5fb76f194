import type { Dim } from '../shape/index.js';
import { normalizeAxis, numberOf, numbersOf, sizeOf, stridesOf } from '../tensor/nd.js';
import { bool, oneOf } from './attributes.js';
import { sameType } from './elementwise.js';
import { copied, indexOf, inferAxis, place } from './movement.js';
import { any, current, index, op, port } from './op.js';
import { combiner, divided, neutral } from './scatter.js';

/**
 * The data with output[indices[i, j], j] (for axis 0) replaced by, or joined with, updates[i, j].
 *
 * Without a reduction the last of equal indices wins. `mean` divides by the number of values that met, the old one among them;
 * `use_init_val: false` leaves the old value out wherever an update arrives.
 * Spec: OpenVINO ScatterElementsUpdate-12.
 */
export const ScatterElementsUpdate = op('ScatterElementsUpdate', {
  attributes: { reduction: oneOf(['none', 'sum', 'prod', 'min', 'max', 'mean'], 'none'), use_init_val: bool(true) },
  inputs: [port('data', any), port('indices', index), port('updates', any), port('axis', index, 'one')],
  outputs: [port('output', any)],
  since: { opset3: { attributes: {} }, opset12: current },

  infer({ data, indices, updates, axis }, _, ctx) {
    const type = sameType(ctx, data, updates);
    const at = ctx.constants(axis)?.[0];
    if (data.shape && at !== undefined) inferAxis(ctx, at, data.shape.length);
    if (indices.shape && updates.shape) {
      if (indices.shape.length !== updates.shape.length)
        ctx.fail(`indices have rank ${indices.shape.length}, updates ${updates.shape.length}`);
      indices.shape.forEach((d, i) => ctx.requireEqual(`dimension ${i} of indices and updates`, d, updates.shape?.[i] as Dim));
      if (data.shape && data.shape.length !== indices.shape.length)
        ctx.fail(`indices have rank ${indices.shape.length}, the data ${data.shape.length}`);
    }
    return { type, shape: data.shape };
  },

  evaluate({ data, indices, updates, axis }, { reduction, use_init_val }) {
    const at = normalizeAxis(numberOf(axis), data.shape.length);
    const out = copied(data);
    const strides = stridesOf(data.shape);
    const combine = combiner(data.type, reduction === 'mean' ? 'sum' : reduction);
    const met = new Uint32Array(sizeOf(data.shape));
    numbersOf(indices).forEach((given, flat) => {
      const to = indexOf(flat, indices.shape).reduce(
        (sum, p, i) => sum + (i === at ? place(given, data.shape[i] as number) : p) * (strides[i] as number),
        0,
      );
      if (met[to] === 0 && !use_init_val && reduction !== 'none') out.data[to] = neutral(data.type, reduction) as never;
      (met[to] as number)++;
      out.data[to] = combine(out.data[to], updates.data[flat]) as never;
    });
    if (reduction === 'mean') {
      met.forEach((count, to) => {
        if (count > 0) out.data[to] = divided(data.type, out.data[to], count + (use_init_val ? 1 : 0)) as never;
      });
    }
    return out;
  },

  traits: { moves: ({ reduction }) => reduction === 'none', inPlace: 'data' },
});
