import { emptyElements } from '../tensor/convert.js';
import { numbersOf, sizeOf } from '../tensor/nd.js';
import { adaptiveShape, adaptiveWindows } from './adaptive-pooling.js';
import { elementType } from './attributes.js';
import { isWide } from './elementwise.js';
import { floating, index, op, only, port } from './op.js';

/** Maxima, and their flat indices within a plane, over the windows of AdaptiveAvgPool. Spec: OpenVINO AdaptiveMaxPool-8. */
export const AdaptiveMaxPool = op('AdaptiveMaxPool', {
  attributes: { index_element_type: elementType('i64') },
  inputs: [port('data', floating), port('output_shape', index)],
  outputs: [port('output', floating), port('indices', only('i32', 'i64'))],
  since: { opset8: {} },

  infer({ data, output_shape }, { index_element_type }, ctx) {
    const shape = adaptiveShape(ctx, data.shape, output_shape);
    return [
      { type: data.type, shape },
      { type: index_element_type, shape },
    ];
  },

  evaluate({ data, output_shape }, { index_element_type }) {
    const [n, c, ...spatial] = data.shape as [number, number, ...number[]];
    const parts = numbersOf(output_shape);
    const windows = adaptiveWindows(spatial, parts);
    const plane = sizeOf(spatial);
    const out = emptyElements(data.type, n * c * windows.length) as Float32Array;
    const indices = emptyElements(index_element_type, out.length) as unknown as (number | bigint)[];
    for (let p = 0; p < n * c; p++) {
      windows.forEach((w, i) => {
        const best = w.reduce((a, b) => ((data.data[p * plane + b] as number) > (data.data[p * plane + a] as number) ? b : a), w[0] ?? 0);
        out[p * windows.length + i] = w.length === 0 ? Number.NEGATIVE_INFINITY : (data.data[p * plane + best] as number);
        indices[p * windows.length + i] = isWide(index_element_type) ? BigInt(best) : best;
      });
    }
    const shape = [n, c, ...parts];
    return [
      { type: data.type, shape, data: out },
      { type: index_element_type, shape, data: indices as never },
    ];
  },
});
