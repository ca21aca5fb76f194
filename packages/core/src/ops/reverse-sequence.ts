import type { Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { normalizeAxis, numbersOf, sizeOf, stridesOf } from '../tensor/nd.js';
import { int } from './attributes.js';
import { indexOf, inferAxis, picked } from './movement.js';
import { any, numeric, op, port } from './op.js';

/** Reverses the first `seq_lengths[b]` places along `seq_axis` in batch b; those behind stay. Spec: OpenVINO ReverseSequence-1. */
export const ReverseSequence = op('ReverseSequence', {
  attributes: { batch_axis: int(0), seq_axis: int(1) },
  inputs: [port('data', any), port('seq_lengths', numeric)],
  outputs: [port('output', any)],

  infer({ data, seq_lengths }, { batch_axis, seq_axis }, ctx) {
    if (!data.shape) return { type: data.type, shape: undefined };
    const batch = inferAxis(ctx, batch_axis, data.shape.length);
    inferAxis(ctx, seq_axis, data.shape.length);
    if (!seq_lengths.shape) return { type: data.type, shape: data.shape };
    if (seq_lengths.shape.length !== 1) ctx.fail(`the lengths must have rank 1, they have ${seq_lengths.shape.length}`);
    const n = ctx.requireEqual('the batch and the number of lengths', data.shape[batch] as Dim, seq_lengths.shape[0] as Dim);
    return { type: data.type, shape: data.shape.map((d, i) => (i === batch ? n : d)) };
  },

  evaluate({ data, seq_lengths }, { batch_axis, seq_axis }) {
    const batch = normalizeAxis(batch_axis, data.shape.length);
    const along = normalizeAxis(seq_axis, data.shape.length);
    const lengths = numbersOf(seq_lengths);
    const wrong = lengths.find((n) => n < 0 || n > (data.shape[along] as number));
    if (wrong !== undefined)
      throw new CuveeError('ARGUMENT_INVALID', `length ${wrong} is outside axis ${along} of [${data.shape.join(',')}]`);
    const strides = stridesOf(data.shape);
    const offsets = Array.from({ length: sizeOf(data.shape) }, (_, flat) => {
      const at = indexOf(flat, data.shape);
      const n = lengths[at[batch] as number] as number;
      const p = at[along] as number;
      return p < n ? flat + (n - 1 - 2 * p) * (strides[along] as number) : flat;
    });
    return picked(data, data.shape, offsets);
  },
});
