import { mul, type Dim } from '../shape/index.js';
import { sameType } from './elementwise.js';
import { numeric, op, port } from './op.js';
import { convolutionAttributes, convolutionShape, convolve, flopsOf, windows } from './convolution.js';

/**
 * Convolution in groups: [N, G·in, spatial…] data with [G, out, in, kernel…] filters gives [N, G·out, spatial…].
 * With as many groups as channels it is a depthwise convolution.
 * Spec: OpenVINO GroupConvolution-1.
 */
export const GroupConvolution = op('GroupConvolution', {
  attributes: convolutionAttributes,
  inputs: [port('data', numeric), port('filters', numeric)],
  outputs: [port('output', numeric)],

  infer({ data, filters }, attributes, ctx) {
    const type = sameType(ctx, data, filters);
    if (!filters.shape) return { type, shape: undefined };
    const [groups, out, inputs, ...kernel] = filters.shape as [Dim, Dim, Dim, ...Dim[]];
    return { type, shape: convolutionShape(ctx, data.shape, mul(groups, out), mul(groups, inputs), kernel, attributes) };
  },

  evaluate({ data, filters }, attributes) {
    const [groups, out, inputs, ...kernel] = filters.shape as [number, number, number, ...number[]];
    const spatial = data.shape.slice(2).map((n, i) => windows(n, kernel[i] as number, attributes, i));
    const flat = { ...filters, shape: [groups * out, inputs, ...kernel] };
    return convolve(data, flat, groups, attributes, [data.shape[0] as number, groups * out, ...spatial]);
  },

  traits: { flops: ([, filters], [output]) => flopsOf(filters?.shape?.slice(1), output?.shape) },
});
