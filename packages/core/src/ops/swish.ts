import { numberOf } from '../tensor/nd.js';
import { map, sameType } from './elementwise.js';
import { floating, op, optional, port } from './op.js';

/** x / (1 + e^(-beta x)); beta is a scalar, 1 when absent. Spec: OpenVINO Swish-4. */
export const Swish = op('Swish', {
  inputs: [port('data', floating), optional('beta', floating, 'one')],
  outputs: [port('output', floating)],
  since: { opset4: {} },

  infer: ({ data, beta }, _, ctx) => ({ type: beta ? sameType(ctx, data, beta) : data.type, shape: data.shape }),

  evaluate({ data, beta }) {
    const b = beta ? numberOf(beta) : 1;
    return map(data, data.type, (x: number) => x / (1 + Math.exp(-b * x)));
  },

  decompose: (g, { data, beta }) => g.multiply(data, g.sigmoid(beta ? g.multiply(data, g.reshape(beta, g.ints([]))) : data)),

  traits: { elementwise: true, inPlace: 'data' },
});
