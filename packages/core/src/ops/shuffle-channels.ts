import type { Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { normalizeAxis } from '../tensor/nd.js';
import { int } from './attributes.js';
import { quotient } from './depth-to-space.js';
import { inferAxis, taken } from './movement.js';
import { any, op, port } from './op.js';
import { over, reshaped, sizesOf } from './sizes.js';

/** Reads one axis as [group, size/group] and transposes it: element g·(n/group) + i goes to i·group + g. Spec: OpenVINO ShuffleChannels-1. */
export const ShuffleChannels = op('ShuffleChannels', {
  attributes: { axis: int(1), group: int(1, { min: 1 }) },
  inputs: [port('data', any)],
  outputs: [port('output', any)],

  infer({ data }, { axis, group }, ctx) {
    if (data.shape) {
      const at = inferAxis(ctx, axis, data.shape.length);
      quotient(ctx, `axis ${at}`, data.shape[at] as Dim, group);
    }
    return { type: data.type, shape: data.shape };
  },

  evaluate({ data }, { axis, group }) {
    const at = normalizeAxis(axis, data.shape.length);
    const n = data.shape[at] as number;
    if (n % group !== 0) throw new CuveeError('SHAPE_MISMATCH', `axis ${at} of length ${n} has no ${group} equal groups`);
    return taken(
      data,
      at,
      Array.from({ length: n }, (_, p) => (p % group) * (n / group) + Math.floor(p / group)),
    );
  },

  decompose(g, { data }, { axis, group }) {
    const sizes = sizesOf(g, data);
    if (!sizes) return undefined;
    const at = normalizeAxis(axis, sizes.length);
    const n = sizes[at] as (typeof sizes)[number];
    const split = reshaped(g, data, [...sizes.slice(0, at), group, over(g, n, group), ...sizes.slice(at + 1)]);
    const order = Array.from({ length: sizes.length + 1 }, (_, i) => (i === at ? at + 1 : i === at + 1 ? at : i));
    return reshaped(g, g.transpose(split, g.ints(order), {}), sizes);
  },
});
