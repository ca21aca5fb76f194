import { exactDiv, isEqual, mod, type Dim } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { sizeOf } from '../tensor/nd.js';
import { float, int } from './attributes.js';
import { sameType } from './elementwise.js';
import { floating, op, port } from './op.js';

/**
 * Channels (axis 1) are taken in groups; each group of each batch is brought to mean 0 and variance 1, (x - mean) / √(variance + epsilon),
 * then scaled and shifted by channel.
 * Spec: OpenVINO GroupNormalization-12.
 */
export const GroupNormalization = op('GroupNormalization', {
  attributes: { num_groups: int(undefined, { min: 1 }), epsilon: float() },
  inputs: [port('data', floating), port('scale', floating, 1), port('bias', floating, 1)],
  outputs: [port('output', floating)],
  since: { opset12: {} },

  infer({ data, scale, bias }, { num_groups }, ctx) {
    const type = sameType(ctx, data, scale, bias);
    if (!data.shape) return { type, shape: undefined };
    if (data.shape.length < 2) return ctx.fail('data must have a batch and a channel axis');
    let channels = data.shape[1] as Dim;
    for (const { shape } of [scale, bias])
      if (shape)
        channels =
          shape.length === 1 ? ctx.requireEqual('channels', channels, shape[0] as Dim) : ctx.fail('scale and bias must have one axis');
    if (exactDiv(channels, num_groups) === undefined)
      ctx.require(`channels must be a multiple of ${num_groups} groups`, isEqual(mod(channels, num_groups), 0));
    return { type, shape: data.shape.map((d, i) => (i === 1 ? channels : d)) };
  },

  evaluate({ data, scale, bias }, { num_groups, epsilon }) {
    const [n, c, ...spatial] = data.shape as [number, number, ...number[]];
    const plane = sizeOf(spatial);
    const run = (c / num_groups) * plane;
    const out = emptyElements(data.type, data.data.length) as Float32Array;
    for (let group = 0; group < n * num_groups; group++) {
      const from = group * run;
      const x = Float64Array.from({ length: run }, (_, i) => data.data[from + i] as number);
      const mean = x.reduce((a, b) => a + b, 0) / run;
      const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / run;
      for (let i = 0; i < run; i++) {
        const channel = Math.floor((from + i) / plane) % c;
        out[from + i] =
          (((x[i] as number) - mean) / Math.sqrt(variance + epsilon)) * (scale.data[channel] as number) + (bias.data[channel] as number);
      }
    }
    return { ...data, data: out };
  },

  decompose(g, { data, scale, bias }, { num_groups, epsilon }) {
    const rank = data.fact.shape?.length;
    if (rank === undefined) return undefined;
    const grouped = g.reshape(data, g.ints([0, num_groups, -1]), { special_zero: true });
    const normal = g.mvn(grouped, g.ints([2]), { normalize_variance: true, eps: epsilon, eps_mode: 'INSIDE_SQRT' });
    const back = g.reshape(normal, g.shapeOf(data));
    const along = (v: typeof data): typeof data => g.reshape(v, g.ints([-1, ...new Array<number>(rank - 2).fill(1)]));
    return g.add(g.multiply(back, along(scale)), along(bias));
  },
});
