import { emptyElements } from '../tensor/convert.js';
import { sizeOf } from '../tensor/nd.js';
import { bool } from './attributes.js';
import { floating, op, port } from './op.js';
import { planWindows, pooledShape, poolingAttributes, windowAxes } from './pooling.js';

const { dilations: _dilations, ...undilated } = poolingAttributes;

/**
 * The mean of each window of [N, C, spatial…] data.
 *
 * With `exclude-pad` places outside the image do not count; without it those inside the padding count as zeros, and places
 * beyond the padding, which rounding up adds, never count. AvgPool-1 and -14 know no dilations.
 * Spec: OpenVINO AvgPool-16.
 */
export const AvgPool = op('AvgPool', {
  attributes: { ...poolingAttributes, 'exclude-pad': bool(true) },
  inputs: [port('data', floating)],
  outputs: [port('output', floating)],
  since: {
    opset1: { attributes: { ...undilated, 'exclude-pad': bool() } },
    opset14: { attributes: { ...undilated, 'exclude-pad': bool() } },
    opset16: {},
  },

  infer: ({ data }, attributes, ctx) => ({ type: data.type, shape: pooledShape(ctx, data.shape, attributes) }),

  evaluate({ data }, attributes) {
    const [n, c, ...spatial] = data.shape as [number, number, ...number[]];
    const { size, list } = planWindows(spatial, attributes);
    const out = emptyElements(data.type, n * c * list.length) as Float32Array;
    const plane = sizeOf(spatial);
    for (let p = 0; p < n * c; p++) {
      list.forEach(({ inside, padded }, i) => {
        const sum = inside.reduce((s, offset) => s + (data.data[p * plane + offset] as number), 0);
        const count = attributes['exclude-pad'] ? inside.length : padded;
        out[p * list.length + i] = count === 0 ? 0 : sum / count;
      });
    }
    return { type: data.type, shape: [n, c, ...size], data: out };
  },

  traits: { mixes: windowAxes },
});
