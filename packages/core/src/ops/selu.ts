import { numberOf } from '../tensor/nd.js';
import { map, sameType } from './elementwise.js';
import { floating, op, port } from './op.js';

/** lambda · (x where positive, else alpha (e^x - 1)); alpha and lambda hold one element each. Spec: OpenVINO Selu-1. */
export const Selu = op('Selu', {
  inputs: [port('data', floating), port('alpha', floating, 'one'), port('lambda', floating, 'one')],
  outputs: [port('output', floating)],

  infer: ({ data, alpha, lambda }, _, ctx) => ({ type: sameType(ctx, data, alpha, lambda), shape: data.shape }),

  evaluate({ data, alpha, lambda }) {
    const [a, l] = [numberOf(alpha), numberOf(lambda)];
    return map(data, data.type, (x: number) => l * (x > 0 ? x : a * Math.expm1(x)));
  },

  decompose(g, { data, alpha, lambda }) {
    const [a, l] = [alpha, lambda].map((v) => g.reshape(v, g.ints([]))) as [typeof alpha, typeof lambda];
    return g.multiply(l, g.add(g.relu(data), g.multiply(a, g.elu(g.minimum(data, g.scalar(0, data)), { alpha: 1 }))));
  },

  traits: { elementwise: true, inPlace: 'data' },
});
