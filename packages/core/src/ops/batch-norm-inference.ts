import type { Infer } from '../ir/infer.js';
import type { Fact } from '../ir/fact.js';
import type { Dim } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { sizeOf } from '../tensor/nd.js';
import { float } from './attributes.js';
import { sameType } from './elementwise.js';
import { current, floating, op, port } from './op.js';

/**
 * (x - mean) / √(variance + epsilon) · gamma + beta, with one value of each for each channel (axis 1).
 * BatchNormInference-1 takes gamma and beta before the data.
 * Spec: OpenVINO BatchNormInference-5.
 */
export const BatchNormInference = op('BatchNormInference', {
  attributes: { epsilon: float(undefined, { min: 0 }) },
  inputs: [
    port('data', floating),
    port('gamma', floating, 1),
    port('beta', floating, 1),
    port('mean', floating, 1),
    port('variance', floating, 1),
  ],
  outputs: [port('output', floating)],
  since: {
    opset1: {
      rebuild(g, [gamma, beta, data, mean, variance], { epsilon }) {
        return g.node('BatchNormInference', [data, gamma, beta, mean, variance], { epsilon });
      },
    },
    opset5: current,
  },

  infer({ data, gamma, beta, mean, variance }, _, ctx) {
    const type = sameType(ctx, data, gamma, beta, mean, variance);
    if (!data.shape) return { type, shape: undefined };
    if (data.shape.length < 2) return ctx.fail('data must have a batch and a channel axis');
    const channels = [gamma, beta, mean, variance].reduce((c, f) => perChannel(ctx, c, f), data.shape[1] as Dim);
    return { type, shape: data.shape.map((d, i) => (i === 1 ? channels : d)) };
  },

  evaluate({ data, gamma, beta, mean, variance }, { epsilon }) {
    const out = emptyElements(data.type, data.data.length) as Float32Array;
    const channels = data.shape[1] as number;
    const plane = sizeOf(data.shape.slice(2));
    for (let i = 0; i < out.length; i++) {
      const c = Math.floor(i / plane) % channels;
      const [g, b, m, v] = [gamma, beta, mean, variance].map((a) => a.data[c]) as [number, number, number, number];
      out[i] = (((data.data[i] as number) - m) / Math.sqrt(v + epsilon)) * g + b;
    }
    return { ...data, data: out };
  },

  decompose(g, { data, gamma, beta, mean, variance }, { epsilon }) {
    const rank = data.fact.shape?.length;
    if (rank === undefined) return undefined;
    const scale = g.divide(gamma, g.sqrt(g.add(variance, g.scalar(epsilon, variance))));
    const shift = g.subtract(beta, g.multiply(mean, scale));
    const along = (v: typeof data): typeof data => g.reshape(v, g.ints([-1, ...new Array<number>(rank - 2).fill(1)]));
    return g.add(g.multiply(data, along(scale)), along(shift));
  },

  traits: { inPlace: 'data' },
});

function perChannel(ctx: Infer, channels: Dim, { shape }: Fact): Dim {
  if (!shape) return channels;
  if (shape.length !== 1) return ctx.fail('gamma, beta, mean and variance must have one axis');
  return ctx.requireEqual('channels', channels, shape[0] as Dim);
}
