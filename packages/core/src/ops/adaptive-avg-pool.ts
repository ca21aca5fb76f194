import { emptyElements } from '../tensor/convert.js';
import { numbersOf, sizeOf } from '../tensor/nd.js';
import { adaptiveShape, adaptiveWindows } from './adaptive-pooling.js';
import { floating, index, op, port } from './op.js';

/** Means over windows that cover each spatial axis in as many parts as the second input says. Spec: OpenVINO AdaptiveAvgPool-8. */
export const AdaptiveAvgPool = op('AdaptiveAvgPool', {
  inputs: [port('data', floating), port('output_shape', index)],
  outputs: [port('output', floating)],
  since: { opset8: {} },

  infer: ({ data, output_shape }, _, ctx) => ({ type: data.type, shape: adaptiveShape(ctx, data.shape, output_shape) }),

  evaluate({ data, output_shape }) {
    const [n, c, ...spatial] = data.shape as [number, number, ...number[]];
    const parts = numbersOf(output_shape);
    const windows = adaptiveWindows(spatial, parts);
    const plane = sizeOf(spatial);
    const out = emptyElements(data.type, n * c * windows.length) as Float32Array;
    for (let p = 0; p < n * c; p++)
      windows.forEach((w, i) => {
        out[p * windows.length + i] = w.reduce((s, k) => s + (data.data[p * plane + k] as number), 0) / Math.max(1, w.length);
      });
    return { type: data.type, shape: [n, c, ...parts], data: out };
  },

  decompose(g, { data, output_shape }) {
    // One part along every axis is the plain mean.
    const parts = output_shape.fact.value?.nd();
    if (!parts || !data.fact.shape || Array.from(parts.data, Number).some((x) => x !== 1)) return undefined;
    return g.reduceMean(data, g.ints(data.fact.shape.slice(2).map((_, i) => i + 2)), { keep_dims: true });
  },
});
