import { mul, type Dim } from '../shape/index.js';
import { numbersOf } from '../tensor/nd.js';
import { backprop, backpropAttributes, backpropShape } from './convolution-backprop-data.js';
import { sameType } from './elementwise.js';
import { floating, index, op, optional, port } from './op.js';

/**
 * Transposed convolution in groups, with [G, in, out, kernel…] filters. Sizes and pads as for ConvolutionBackpropData.
 * Spec: OpenVINO GroupConvolutionBackpropData-1.
 */
export const GroupConvolutionBackpropData = op('GroupConvolutionBackpropData', {
  attributes: backpropAttributes,
  inputs: [port('data', floating), port('filters', floating), optional('output_shape', index)],
  outputs: [port('output', floating)],

  infer({ data, filters, output_shape }, attributes, ctx) {
    const type = sameType(ctx, data, filters);
    if (!filters.shape) return { type, shape: undefined };
    const [groups, inputs, out, ...kernel] = filters.shape as [Dim, Dim, Dim, ...Dim[]];
    return { type, shape: backpropShape(ctx, data.shape, mul(groups, inputs), mul(groups, out), kernel, attributes, output_shape) };
  },

  evaluate: ({ data, filters, output_shape }, attributes) => backprop(data, filters, attributes, output_shape && numbersOf(output_shape)),
});
