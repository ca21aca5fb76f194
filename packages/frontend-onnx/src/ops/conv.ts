/** Convolutions. */
import type { Value } from '@cuvee/core';
import { dimOf, like, rankOf, sizesOf, sliced, spatialList, unsqueezed, upTo, type AnyNode } from '../build.js';
import { biased, convolved, grouped, groupsOf, spatialAxes } from '../convolved.js';
import type { OnnxOp } from '../node.js';
import { windowAttributes } from '../windows.js';

export const Conv: OnnxOp<2> = (node) => {
  const [x, filters, bias] = node.inputs;
  return biased(node, convolved(node, x, filters), bias, rankOf(node, filters) - 2);
};

/** Filters are [in, out / groups, kernel…]. With `output_shape` the pads follow from it. */
export const ConvTranspose: OnnxOp<2> = (node) => {
  const { g } = node;
  const [x, filters, bias] = node.inputs;
  const [groups, spatial] = [groupsOf(node), spatialAxes(node, x, filters)];
  const { shape, ...attributes } = transposedWindows(node, x, spatial);
  const y =
    groups === 1
      ? g.convolutionBackpropData(x, filters, shape, attributes)
      : g.groupConvolutionBackpropData(x, grouped(node, filters, groups), shape, attributes);
  return biased(node, y, bias, spatial);
};

/** Of an odd total, ONNX puts the larger half at the end for SAME_UPPER, the room at the beginning. */
const swapped = { explicit: 'explicit', same_upper: 'same_lower', same_lower: 'same_upper', valid: 'valid' } as const;

/** Windows of a transposed convolution, and its output's spatial sizes where they decide the pads: given, or size times stride. */
function transposedWindows(node: AnyNode, x: Value, spatial: number) {
  const { g, attr } = node;
  const windows = { ...windowAttributes(node, spatial), output_padding: spatialList(node, 'output_padding', spatial, 0, 0) };
  const auto_pad = attr.has('output_shape') && windows.auto_pad === 'explicit' ? ('same_upper' as const) : swapped[windows.auto_pad];
  if (attr.has('output_shape')) return { ...windows, auto_pad, shape: g.ints(attr.ints('output_shape').slice(-spatial)) };
  const same = auto_pad === 'same_upper' || auto_pad === 'same_lower';
  const shape = same ? g.multiply(sizesOf(g, x, upTo(spatial + 2, 2)), g.ints(windows.strides)) : undefined;
  return { ...windows, auto_pad, shape };
}

/** Filters sampled at shifted places, optionally weighted. */
export const DeformConv: OnnxOp<3> = (node) => {
  const [x, filters, offsets, bias, mask] = node.inputs;
  const spatial = spatialAxes(node, x, filters);
  const y = node.g.deformableConvolution(x, offsets, filters, mask, {
    ...windowAttributes(node, spatial),
    auto_pad: 'explicit',
    group: groupsOf(node),
    deformable_group: node.attr.int('offset_group', 1),
    bilinear_interpolation_pad: true,
  });
  return biased(node, y, bias, spatial);
};

/** Causal convolution of each channel by itself, with the last places carried from call to call. */
export const CausalConvWithState: OnnxOp<2> = (node) => {
  const { g, attr } = node;
  const [x, filters, bias, past] = node.inputs;
  const taps = dimOf(filters, 2);
  if (taps === undefined) throw node.unsupported('filters of unknown size');
  const zeros = (): Value => g.pad(x, g.ints([0, 0, taps - 1]), g.ints([0, 0, 0]), like(g, x, 0), { pad_mode: 'constant' });
  const sequence = past ? g.concat([past, x], { axis: 2 }) : zeros();
  const sum = biased(node, g.groupConvolution(sequence, unsqueezed(g, filters, [1]), line), bias, 1);
  const y = attr.word('activation', ['none', 'silu', 'swish'], 'none') === 'none' ? sum : g.swish(sum, like(g, sum, 1));
  const end = Number.MAX_SAFE_INTEGER;
  return [y, node.wants(1) ? sliced(g, sequence, 2, taps === 1 ? end : 1 - taps, end) : undefined];
};

/** Windows along one axis, one after the other, without borders. */
const line = { strides: [1], dilations: [1], pads_begin: [0], pads_end: [0], auto_pad: 'explicit' } as const;
