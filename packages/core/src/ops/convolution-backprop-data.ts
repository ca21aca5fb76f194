import type { Infer } from '../ir/infer.js';
import type { Fact } from '../ir/fact.js';
import { transposedWindow, type Dim, type Shape } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { numbersOf, sizeOf, type NdArray } from '../tensor/nd.js';
import { ints } from './attributes.js';
import { convolutionAttributes, type Windows } from './convolution.js';
import { sameType } from './elementwise.js';
import { floating, index, op, optional, port } from './op.js';

/** Attributes of the transposed convolutions. */
export const backpropAttributes = { ...convolutionAttributes, output_padding: ints([]) };
/** Attributes that place the output of a transposed convolution. */
export interface BackpropWindows extends Windows {
  readonly output_padding: readonly number[];
}

/**
 * Transposed convolution: each input element adds its filter, [C, out, kernel…], to the output at `stride` times its place.
 *
 * Without the third input the spatial size is stride·(n - 1) + dilation·(k - 1) + 1 - pads + output_padding, and `auto_pad` other than
 * explicit means no pads. With it that size is what comes out, cut or filled up at the end; under same_upper and same_lower what is
 * too much is cut at both sides, the odd one in front for same_upper, at the end for same_lower.
 * Spec: OpenVINO ConvolutionBackpropData-1.
 */
export const ConvolutionBackpropData = op('ConvolutionBackpropData', {
  attributes: backpropAttributes,
  inputs: [port('data', floating), port('filters', floating), optional('output_shape', index)],
  outputs: [port('output', floating)],

  infer({ data, filters, output_shape }, attributes, ctx) {
    const type = sameType(ctx, data, filters);
    if (!filters.shape) return { type, shape: undefined };
    const [inputs, out, ...kernel] = filters.shape as [Dim, Dim, ...Dim[]];
    return { type, shape: backpropShape(ctx, data.shape, inputs, out, kernel, attributes, output_shape) };
  },

  evaluate: ({ data, filters, output_shape }, attributes) =>
    backprop(data, { ...filters, shape: [1, ...filters.shape] }, attributes, output_shape && numbersOf(output_shape)),
});

/** The shape rule shared with GroupConvolutionBackpropData; `inputs` and `out` are channels of all groups together. */
export function backpropShape(
  ctx: Infer,
  data: Shape,
  inputs: Dim,
  out: Dim,
  kernel: readonly Dim[],
  w: BackpropWindows,
  outputShape: Fact | undefined,
): Shape {
  if (!data) return undefined;
  const [n, channels, ...spatial] = data as readonly [Dim, Dim, ...Dim[]];
  if (spatial.length === 0) return ctx.fail('data must have a spatial axis');
  if (spatial.length !== kernel.length) return ctx.fail(`filters have ${kernel.length} spatial axes, data has ${spatial.length}`);
  ctx.requireEqual('input channels', channels, inputs);
  if (outputShape) {
    const given = ctx.dims(outputShape) ?? spatial.map((_, i) => ctx.fresh(i + 2));
    if (given.length !== spatial.length) return ctx.fail(`output shape has ${given.length} sizes, data has ${spatial.length} spatial axes`);
    return [n, out, ...given];
  }
  const pads = w.auto_pad === 'explicit' ? { padsBegin: w.pads_begin, padsEnd: w.pads_end } : {};
  const window = { strides: w.strides, dilations: w.dilations, ...pads, outputPadding: w.output_padding };
  return [n, out, ...spatial.map((d, i) => transposedWindow(ctx, d, kernel[i] as Dim, window, i).count)];
}

/** Sizes and front pads of the output along each spatial axis, with numbers. */
function placed(
  spatial: readonly number[],
  kernel: readonly number[],
  w: BackpropWindows,
  wanted: readonly number[] | undefined,
): { size: number[]; pads: number[] } {
  const full = spatial.map(
    (n, i) => (w.strides[i] ?? 1) * (n - 1) + (w.dilations[i] ?? 1) * ((kernel[i] as number) - 1) + 1 + (w.output_padding[i] ?? 0),
  );
  if (wanted) {
    const pads = full.map((f, i) => {
      if (w.auto_pad === 'explicit') return w.pads_begin[i] ?? 0;
      if (w.auto_pad === 'valid') return 0;
      const total = Math.max(0, f - (wanted[i] as number));
      return w.auto_pad === 'same_upper' ? Math.ceil(total / 2) : Math.floor(total / 2);
    });
    return { size: [...wanted], pads };
  }
  if (w.auto_pad !== 'explicit') return { size: full, pads: full.map(() => 0) };
  return { size: full.map((f, i) => f - (w.pads_begin[i] ?? 0) - (w.pads_end[i] ?? 0)), pads: full.map((_, i) => w.pads_begin[i] ?? 0) };
}

/** Transposed convolution with [G, in, out, kernel…] filters, accumulated in f64. */
export function backprop(data: NdArray, filters: NdArray, w: BackpropWindows, wanted: readonly number[] | undefined): NdArray {
  const [groups, perGroup, outPerGroup, ...kernel] = filters.shape as [number, number, number, ...number[]];
  const [batch, channels, ...spatial] = data.shape as [number, number, ...number[]];
  const { size, pads } = placed(spatial, kernel, w, wanted);
  const shape = [batch, groups * outPerGroup, ...size];
  const [places, taps, plane] = [sizeOf(spatial), sizeOf(kernel), sizeOf(size)];
  const sums = new Float64Array(sizeOf(shape));
  const index = (flat: number, dims: readonly number[]): number[] => {
    const at = new Array<number>(dims.length);
    for (let i = dims.length - 1, rest = flat; i >= 0; i--) {
      at[i] = rest % (dims[i] as number);
      rest = Math.floor(rest / (dims[i] as number));
    }
    return at;
  };
  const tapIndex = Array.from({ length: taps }, (_, t) => index(t, kernel));
  for (let p = 0; p < places; p++) {
    const at = index(p, spatial);
    for (let t = 0; t < taps; t++) {
      const to = (tapIndex[t] as number[]).reduce((flat, k, i) => {
        const y = (at[i] as number) * (w.strides[i] ?? 1) + k * (w.dilations[i] ?? 1) - (pads[i] as number);
        return flat < 0 || y < 0 || y >= (size[i] as number) ? -1 : flat * (size[i] as number) + y;
      }, 0);
      if (to < 0) continue;
      for (let n = 0; n < batch; n++) {
        for (let c = 0; c < channels; c++) {
          const x = Number(data.data[(n * channels + c) * places + p]);
          const group = Math.floor(c / perGroup);
          for (let o = 0; o < outPerGroup; o++) {
            const at = ((n * groups + group) * outPerGroup + o) * plane + to;
            sums[at] = (sums[at] as number) + x * Number(filters.data[(c * outPerGroup + o) * taps + t]);
          }
        }
      }
    }
  }
  const out = emptyElements(data.type, sums.length) as Float32Array;
  out.set(sums);
  return { type: data.type, shape, data: out };
}
