import { mul, type Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { numbersOf, sizeOf, stridesOf } from '../tensor/nd.js';
import { indexOf, picked } from './movement.js';
import { any, index, op, port } from './op.js';

/** Repeats the data as a whole `repeats[i]` times along axis i; the shorter of shape and repeats is extended by ones in front. Spec: OpenVINO Tile-1. */
export const Tile = op('Tile', {
  inputs: [port('data', any), port('repeats', index, 1)],
  outputs: [port('output', any)],

  infer({ data, repeats }, _, ctx) {
    const { type, shape } = data;
    const count = repeats.shape?.[0];
    if (!shape || typeof count !== 'number') return { type, shape: undefined };
    const rank = Math.max(shape.length, count);
    const times = ctx.dims(repeats);
    if (!times) return { type, shape: ctx.freshShape(rank) };
    return {
      type,
      shape: Array.from({ length: rank }, (_, i): Dim => mul(shape[i - rank + shape.length] ?? 1, times[i - rank + count] ?? 1)),
    };
  },

  evaluate({ data, repeats }) {
    const times = numbersOf(repeats);
    if (times.some((t) => t < 0)) throw new CuveeError('ARGUMENT_INVALID', `repeats ${times.join(',')} must not be negative`);
    const rank = Math.max(data.shape.length, times.length);
    const from = [...new Array<number>(rank - data.shape.length).fill(1), ...data.shape];
    const shape = from.map((d, i) => d * (times[i - rank + times.length] ?? 1));
    const strides = stridesOf(from);
    const n = sizeOf(shape);
    const offsets = Array.from({ length: n }, (_, flat) =>
      indexOf(flat, shape).reduce((sum, at, i) => sum + (at % (from[i] as number)) * (strides[i] as number), 0),
    );
    return picked(data, shape, offsets);
  },

  traits: { moves: true },
});
