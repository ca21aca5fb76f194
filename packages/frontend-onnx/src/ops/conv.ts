/** Convolutions. */
import type { Value } from '@cuvee/core';
import { dimOf, like, rankOf, sizesOf, spatialList, unsqueezed, upTo } from '../build.js';
import { biased, convolved, grouped, groupsOf, spatialAxes } from '../convolved.js';
import type { OnnxOp } from '../node.js';
import { windowAttributes } from '../windows.js';

export const Conv: OnnxOp<2> = (node) => {
  const {
    inputs: [x, filters, bias],
  } = node;
  return biased(node, convolved(node, x, filters), bias, rankOf(node, filters) - 2);
};

/** Filters are [in, out / groups, kernel…]. With `output_shape` the pads follow from it. */
export const ConvTranspose: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [x, filters, bias],
    attr,
  } = node;
  const groups = groupsOf(node),
    spatial = spatialAxes(node, x, filters);
  const { strides, dilations, ...pads } = windowAttributes(node, spatial);
  const output_padding = spatialList(node, 'output_padding', spatial, 0, 0);
  // of an odd total, ONNX puts the larger half at the end for SAME_UPPER, the room at the beginning
  const swapped = {
    explicit: attr.has('output_shape') ? 'same_upper' : 'explicit',
    same_upper: 'same_lower',
    same_lower: 'same_upper',
    valid: 'valid',
  } as const;
  const auto_pad = swapped[pads.auto_pad];
  const attributes = { strides, dilations, pads_begin: pads.pads_begin, pads_end: pads.pads_end, auto_pad, output_padding };
  let shape: Value | undefined;
  if (attr.has('output_shape')) {
    const sizes = attr.ints('output_shape');
    shape = g.ints(sizes.length === spatial + 2 ? sizes.slice(2) : sizes);
  } else if (auto_pad === 'same_upper' || auto_pad === 'same_lower') {
    // the output is the input's size times the stride
    shape = g.multiply(
      sizesOf(
        g,
        x,
        upTo(spatial).map((i) => i + 2),
      ),
      g.ints(strides),
    );
  }
  const y =
    groups === 1
      ? g.convolutionBackpropData(x, filters, shape, attributes)
      : g.groupConvolutionBackpropData(x, grouped(node, filters, groups), shape, attributes);
  return biased(node, y, bias, spatial);
};

/** Filters sampled at shifted places, optionally weighted. */
export const DeformConv: OnnxOp<3> = (node) => {
  const {
    g,
    inputs: [x, filters, offsets, bias, mask],
    attr,
  } = node;
  const spatial = spatialAxes(node, x, filters);
  const { strides, dilations, pads_begin, pads_end } = windowAttributes(node, spatial);
  const attributes = {
    strides,
    dilations,
    pads_begin,
    pads_end,
    auto_pad: 'explicit' as const,
    group: groupsOf(node),
    deformable_group: attr.int('offset_group', 1),
    bilinear_interpolation_pad: true,
  };
  return biased(node, g.deformableConvolution(x, offsets, filters, mask, attributes), bias, spatial);
};

/** Causal convolution of each channel by itself, with the last places carried from call to call. */
export const CausalConvWithState: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [x, filters, bias, past],
    attr,
  } = node;
  const taps = dimOf(filters, 2),
    channels = dimOf(filters, 0);
  if (taps === undefined || channels === undefined) throw node.unsupported('filters of unknown size');
  const zero = like(g, x, 0);
  const sequence = past
    ? g.concat([past, x], { axis: 2 })
    : g.pad(x, g.ints([0, 0, taps - 1]), g.ints([0, 0, 0]), zero, { pad_mode: 'constant' });
  const none = { strides: [1], dilations: [1], pads_begin: [0], pads_end: [0], auto_pad: 'explicit' as const };
  const sum = biased(node, g.groupConvolution(sequence, unsqueezed(g, filters, [1]), none), bias, 1);
  const activation = attr.word('activation', ['none', 'silu', 'swish'], 'none');
  const y = activation === 'none' ? sum : g.swish(sum, like(g, sum, 1));
  if (!node.wants(1)) return [y];
  const end = Number.MAX_SAFE_INTEGER;
  return [y, g.slice(sequence, taps === 1 ? g.ints([end]) : g.ints([1 - taps]), g.ints([end]), g.ints([1]), g.ints([2]))];
};
