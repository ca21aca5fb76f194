import { emptyElements } from '../tensor/convert.js';
import { sizeOf } from '../tensor/nd.js';
import { float } from './attributes.js';
import { floating, op, port } from './op.js';

/** x / √(Σ x² over the channels + bias): normalisation across axis 1. Spec: OpenVINO GRN-1. */
export const GRN = op('GRN', {
  attributes: { bias: float(1) },
  inputs: [port('data', floating, { least: 2 })],
  outputs: [port('output', floating)],

  infer: ({ data }) => ({ type: data.type, shape: data.shape }),

  evaluate({ data }, { bias }) {
    const [n, c, ...spatial] = data.shape as [number, number, ...number[]];
    const plane = sizeOf(spatial);
    const out = emptyElements(data.type, data.data.length) as Float32Array;
    for (let b = 0; b < n; b++) {
      for (let p = 0; p < plane; p++) {
        const at = (channel: number): number => (b * c + channel) * plane + p;
        let sum = bias;
        for (let k = 0; k < c; k++) sum += (data.data[at(k)] as number) ** 2;
        for (let k = 0; k < c; k++) out[at(k)] = (data.data[at(k)] as number) / Math.sqrt(sum);
      }
    }
    return { ...data, data: out };
  },

  decompose: (g, { data }, { bias }) =>
    g.divide(data, g.sqrt(g.add(g.reduceSum(g.multiply(data, data), g.ints([1]), { keep_dims: true }), g.scalar(bias, data)))),
});
