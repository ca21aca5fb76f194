import { inferAxis } from './movement.js';
import { mapSlices } from '../tensor/nd.js';
import { int } from './attributes.js';
import { floating, op, port } from './op.js';

/** x - max x - ln Σ exp(x - max x) along one axis, counted from either end. Spec: OpenVINO LogSoftmax-5. */
export const LogSoftmax = op('LogSoftmax', {
  attributes: { axis: int(1) },
  inputs: [port('data', floating)],
  outputs: [port('output', floating)],
  since: { opset5: {} },

  infer({ data }, { axis }, ctx) {
    if (data.shape) inferAxis(ctx, axis, data.shape.length);
    return { type: data.type, shape: data.shape };
  },

  evaluate: ({ data }, { axis }) =>
    mapSlices(data, axis, (x) => {
      const top = x.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const log = Math.log(x.reduce((sum, v) => sum + Math.exp(v - top), 0));
      return x.map((v) => v - top - log);
    }),

  traits: { inPlace: 'data', mixes: ({ axis }) => [axis as number] },
});
