import type { Dim } from '../shape/index.js';
import { isFloat } from '../tensor/element.js';
import { sizeOf, type NdArray } from '../tensor/nd.js';
import { emptyElements } from '../tensor/convert.js';
import type { Literal } from '../tensor/literal.js';
import { float, oneOf } from './attributes.js';
import { convert } from './convert.js';
import { convolutionAttributes, convolutionShape, convolve, padsBefore, windows } from './convolution.js';
import { numeric, op, only, port } from './op.js';

/**
 * Convolution of ±1 by ±1: positive data and set bits count as 1, the rest as -1; padding as `pad_value`, where 0 adds nothing.
 *
 * The bits of the filters are taken least significant first, other than elsewhere in the IR.
 * Spec: OpenVINO BinaryConvolution-1.
 */
export const BinaryConvolution = op('BinaryConvolution', {
  attributes: { ...convolutionAttributes, mode: oneOf(['xnor-popcount'], 'xnor-popcount'), pad_value: float() },
  inputs: [port('data', numeric), port('filters', only('u1'))],
  outputs: [port('output', numeric)],

  infer({ data, filters }, attributes, ctx) {
    if (!filters.shape) return { type: data.type, shape: undefined };
    const [out, inputs, ...kernel] = filters.shape;
    return { type: data.type, shape: convolutionShape(ctx, data.shape, out as Dim, inputs as Dim, kernel, attributes) };
  },

  evaluate({ data, filters }, attributes, { node }) {
    const kernel = filters.shape.slice(2);
    const spatial = data.shape.slice(2).map((n, i) => windows(n, kernel[i] as number, attributes, i));
    const signs = emptyElements('f32', data.data.length) as Float32Array;
    for (let i = 0; i < signs.length; i++) signs[i] = Number(data.data[i]) > 0 ? 1 : -1;
    const weights = signsOf(filters, node.inputs[1]?.fact.value);
    const pads = padsBefore(attributes, data.shape.slice(2), kernel, spatial);
    const output = [data.shape[0] as number, filters.shape[0] as number, ...spatial];
    const after = spatial.map(
      (count, i) =>
        (count - 1) * (attributes.strides[i] ?? 1) +
        (attributes.dilations[i] ?? 1) * ((kernel[i] as number) - 1) +
        1 -
        (pads[i] as number) -
        (data.shape[i + 2] as number),
    );
    const padded = surround(
      { type: 'f32', shape: data.shape, data: signs },
      pads,
      after.map((x) => Math.max(0, x)),
      attributes.pad_value,
    );
    const sums = convolve(padded, weights, 1, { ...attributes, auto_pad: 'valid' }, output);
    return convert(sums, data.type);
  },

  /** A border of v around x is a border of 0 around x - v, and v times the sum of the filter. */
  decompose(g, { data, filters }, { strides, dilations, pads_begin, pads_end, auto_pad, pad_value }) {
    const literal = filters.fact.value;
    if (!literal || !filters.fact.shape) return undefined;
    const own = isFloat(data.fact.type) ? data.fact.type : 'f32';
    const c = (value: number): typeof data => g.constant(own, [], [value]);
    const sign = g.select(g.greater(data, g.scalar(0, data)), c(1 - pad_value), c(-1 - pad_value));
    const { shape, data: weights } = signsOf(literal.nd(), literal);
    const sums = g.convolution(sign, g.constant(own, shape, weights as Float32Array), {
      strides,
      dilations,
      pads_begin,
      pads_end,
      auto_pad,
    });
    const each = sizeOf(shape.slice(1));
    const totals = Array.from({ length: shape[0] as number }, (_, o) =>
      (weights as Float32Array).subarray(o * each, (o + 1) * each).reduce((sum, w) => sum + w, 0),
    );
    const around = [totals.length, ...new Array<number>(shape.length - 2).fill(1)];
    const whole =
      pad_value === 0
        ? sums
        : g.add(
            sums,
            g.constant(
              own,
              around,
              totals.map((t) => t * pad_value),
            ),
          );
    return g.cast(whole, data.fact.type);
  },
});

/** ±1 for each bit, least significant first. */
function signsOf(filters: NdArray, literal: Literal | undefined): NdArray {
  const data = emptyElements('f32', filters.data.length) as Float32Array;
  const bytes = literal?.bytes;
  for (let i = 0; i < data.length; i++)
    data[i] = (bytes ? ((bytes[i >> 3] as number) >> (i & 7)) & 1 : Number(filters.data[i])) === 1 ? 1 : -1;
  return { type: 'f32', shape: filters.shape, data };
}

/** The array with a border of one value around its spatial axes. */
function surround(data: NdArray, before: readonly number[], after: readonly number[], value: number): NdArray {
  const shape = data.shape.map((d, i) => (i < 2 ? d : d + (before[i - 2] as number) + (after[i - 2] as number)));
  const out = (emptyElements('f32', sizeOf(shape)) as Float32Array).fill(value);
  for (let i = 0; i < data.data.length; i++) {
    let [rest, to, stride] = [i, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const d = data.shape[axis] as number;
      to += ((rest % d) + (axis < 2 ? 0 : (before[axis - 2] as number))) * stride;
      rest = Math.floor(rest / d);
      stride *= shape[axis] as number;
    }
    out[to] = data.data[i] as number;
  }
  return { type: 'f32', shape, data: out };
}
