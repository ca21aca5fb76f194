import { oneOf } from './attributes.js';
import { map } from './elementwise.js';
import { current, floating, op, port } from './op.js';
import { erf } from './special.js';

const tanhArgument = (x: number): number => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);

/**
 * x Φ(x) with Φ the normal distribution, or its tanh approximation (Hendrycks and Gimpel 2016).
 * Gelu-2 knows the exact form only. Spec: OpenVINO Gelu-7.
 */
export const Gelu = op('Gelu', {
  attributes: { approximation_mode: oneOf(['ERF', 'TANH', 'erf', 'tanh'], 'ERF') },
  inputs: [port('data', floating)],
  outputs: [port('output', floating)],
  since: { opset2: { attributes: {} }, opset7: current },

  infer: ({ data }) => ({ type: data.type, shape: data.shape }),

  evaluate: ({ data }, { approximation_mode }) =>
    map(
      data,
      data.type,
      approximation_mode.toUpperCase() === 'ERF'
        ? (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2))
        : (x: number) => 0.5 * x * (1 + Math.tanh(tanhArgument(x))),
    ),

  traits: { elementwise: true, inPlace: 'data' },
});
