import { inferAxis } from './movement.js';
import { mapSlices } from '../tensor/nd.js';
import { int } from './attributes.js';
import { current, floating, op, port } from './op.js';

/**
 * Softmax along one axis: exp(x - max x) / Σ exp(x - max x).
 *
 * Softmax-1 counts the axis from the front only, Softmax-8 from either end.
 * A slice of nothing but -inf gives NaN, as the formula says.
 * Spec: OpenVINO Softmax-8.
 */
export const Softmax = op('Softmax', {
  xmlName: 'SoftMax',
  attributes: { axis: int(1) },
  inputs: [port('data', floating)],
  outputs: [port('output', floating)],
  since: { opset1: { attributes: { axis: int(1, { min: 0 }) } }, opset8: current },

  infer({ data }, { axis }, ctx) {
    if (data.shape) inferAxis(ctx, axis, data.shape.length);
    return { type: data.type, shape: data.shape };
  },

  evaluate: ({ data }, { axis }) =>
    mapSlices(data, axis, (x) => {
      const top = x.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const e = x.map((v) => Math.exp(v - top));
      const sum = e.reduce((a, b) => a + b, 0);
      return e.map((v) => v / sum);
    }),

  decompose(g, { data }, { axis }) {
    const axes = g.ints([axis]);
    const e = g.exp(g.subtract(data, g.reduceMax(data, axes, { keep_dims: true })));
    return g.divide(e, g.reduceSum(e, axes, { keep_dims: true }));
  },

  traits: { inPlace: 'data', mixes: ({ axis }) => [axis as number] },
});
