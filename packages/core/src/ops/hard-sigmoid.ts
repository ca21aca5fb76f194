import { numberOf } from '../tensor/nd.js';
import { map, sameType } from './elementwise.js';
import { floating, op, port } from './op.js';

/** max(0, min(1, alpha x + beta)); alpha and beta hold one element each. Spec: OpenVINO HardSigmoid-1. */
export const HardSigmoid = op('HardSigmoid', {
  inputs: [port('data', floating), port('alpha', floating, 'one'), port('beta', floating, 'one')],
  outputs: [port('output', floating)],

  infer: ({ data, alpha, beta }, _, ctx) => ({ type: sameType(ctx, data, alpha, beta), shape: data.shape }),

  evaluate({ data, alpha, beta }) {
    const [a, b] = [numberOf(alpha), numberOf(beta)];
    return map(data, data.type, (x: number) => Math.max(0, Math.min(1, a * x + b)));
  },

  traits: { elementwise: true, inPlace: 'data' },
});
