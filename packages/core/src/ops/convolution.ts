import type { Infer } from '../ir/infer.js';
import type { Dim, Shape } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { sizeOf, type NdArray } from '../tensor/nd.js';
import { ints, oneOf } from './attributes.js';
import { isWide, sameType, toBigInt } from './elementwise.js';
import { numeric, op, port } from './op.js';

/** Padding words of every windowed operation. */
export const autoPad = oneOf(['explicit', 'same_upper', 'same_lower', 'valid'], 'explicit');

/** Attributes of every convolution, in their IR spelling. Lengths equal the number of spatial axes. */
export const convolutionAttributes = {
  strides: ints(undefined, { min: 1 }),
  dilations: ints(undefined, { min: 1 }),
  pads_begin: ints(),
  pads_end: ints(),
  auto_pad: autoPad,
};

/** What the windows of a convolution or pooling are, as the attributes say. */
export interface Windows {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads_begin: readonly number[];
  readonly pads_end: readonly number[];
  readonly auto_pad: 'explicit' | 'same_upper' | 'same_lower' | 'valid';
}

/** Number of windows along each spatial axis. */
export function windowCounts(
  ctx: Infer,
  spatial: readonly Dim[],
  kernel: readonly Dim[],
  w: Windows,
  rounding: 'floor' | 'ceil' | 'ceil_torch' = 'floor',
): Dim[] {
  checkLength(ctx, 'strides', w.strides, spatial);
  checkLength(ctx, 'dilations', w.dilations, spatial);
  if (w.auto_pad === 'explicit') {
    checkLength(ctx, 'pads_begin', w.pads_begin, spatial);
    checkLength(ctx, 'pads_end', w.pads_end, spatial);
  }
  const window = {
    strides: w.strides,
    dilations: w.dilations,
    padsBegin: w.pads_begin,
    padsEnd: w.pads_end,
    autoPad: w.auto_pad,
    rounding,
  };
  const counts: Dim[] = [];
  for (let i = 0; i < spatial.length; i++) counts.push(ctx.window(spatial[i] as Dim, kernel[i] as Dim, window, i).count);
  return counts;
}

function checkLength(ctx: Infer, what: string, { length }: readonly number[], spatial: readonly Dim[]): void {
  if (length > 0 && length !== spatial.length) ctx.fail(`${length} ${what} for ${spatial.length} spatial axes`);
}

/** Pads in front of each spatial axis once sizes are known: explicit ones, or those that `auto_pad` gives. */
export function padsBefore(w: Windows, input: readonly number[], kernel: readonly number[], output: readonly number[]): number[] {
  return output.map((count, i) => {
    if (w.auto_pad === 'explicit') return w.pads_begin[i] ?? 0;
    if (w.auto_pad === 'valid') return 0;
    const total = Math.max(
      0,
      (count - 1) * (w.strides[i] ?? 1) + ((kernel[i] as number) - 1) * (w.dilations[i] ?? 1) + 1 - (input[i] as number),
    );
    return w.auto_pad === 'same_upper' ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
}

/** The convolution shape rule shared by Convolution and GroupConvolution. */
export function convolutionShape(ctx: Infer, data: Shape, outChannels: Dim, inChannels: Dim, kernel: readonly Dim[], w: Windows): Shape {
  if (!data) return undefined;
  if (data.length < 3) return ctx.fail('data must have a batch, a channel and a spatial axis');
  const spatial = data.slice(2);
  if (spatial.length !== kernel.length) ctx.fail(`filters have ${kernel.length} spatial axes, data has ${spatial.length}`);
  ctx.requireEqual('input channels', data[1] as Dim, inChannels);
  return [data[0] as Dim, outChannels].concat(windowCounts(ctx, spatial, kernel, w));
}

/** Direct convolution of any number of spatial axes, one group after the other, accumulated in f64. `filters` is [g·out, in/g, ...kernel]. */
export function convolve(data: NdArray, filters: NdArray, groups: number, w: Windows, output: readonly number[]): NdArray {
  const [batch, channels, ...size] = data.shape as [number, number, ...number[]];
  const [outChannels, perGroup, ...kernel] = filters.shape as [number, number, ...number[]];
  const spatial = output.slice(2);
  const pads = padsBefore(w, size, kernel, spatial);
  const out = emptyElements(data.type, sizeOf(output)) as unknown as (number | bigint)[];
  const wide = isWide(data.type);
  const x = data.data as Float32Array;
  const f = filters.data as Float32Array;
  const taps = sizeOf(kernel);
  const places = sizeOf(spatial);
  const plane = sizeOf(size);
  const outPerGroup = outChannels / groups;
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
    // Offset of each tap's input element within a plane; -1 outside.
    const offsets = tapIndex.map((tap) =>
      tap.reduce((flat, k, i) => {
        const y = (at[i] as number) * (w.strides[i] ?? 1) - (pads[i] as number) + k * (w.dilations[i] ?? 1);
        return flat < 0 || y < 0 || y >= (size[i] as number) ? -1 : flat * (size[i] as number) + y;
      }, 0),
    );
    for (let n = 0; n < batch; n++) {
      for (let o = 0; o < outChannels; o++) {
        const first = Math.floor(o / outPerGroup) * perGroup;
        let sum = 0;
        for (let c = 0; c < perGroup; c++) {
          const from = (n * channels + first + c) * plane;
          const weights = (o * perGroup + c) * taps;
          for (let t = 0; t < taps; t++)
            if ((offsets[t] as number) >= 0) sum += Number(x[from + (offsets[t] as number)]) * Number(f[weights + t]);
        }
        out[(n * outChannels + o) * places + p] = wide ? toBigInt(sum) : sum;
      }
    }
  }
  return { type: data.type, shape: output, data: out as never };
}

/**
 * Convolution of [N, C, spatial…] data with [Out, C, kernel…] filters; one to three spatial axes.
 *
 * With `auto_pad` other than explicit the pads are derived and the given ones ignored.
 * Spec: OpenVINO Convolution-1.
 */
export const Convolution = op('Convolution', {
  attributes: convolutionAttributes,
  inputs: [port('data', numeric), port('filters', numeric)],
  outputs: [port('output', numeric)],

  infer({ data, filters }, attributes, ctx) {
    const type = sameType(ctx, data, filters);
    if (!filters.shape) return { type, shape: undefined };
    const [out, inputs, ...kernel] = filters.shape;
    return { type, shape: convolutionShape(ctx, data.shape, out as Dim, inputs as Dim, kernel, attributes) };
  },

  evaluate({ data, filters }, attributes) {
    const spatial = data.shape.slice(2).map((n, i) => windows(n, filters.shape[i + 2] as number, attributes, i));
    return convolve(data, filters, 1, attributes, [data.shape[0] as number, filters.shape[0] as number, ...spatial]);
  },

  traits: { flops: ([, filters], [output]) => flopsOf(filters?.shape, output?.shape) },
});

/** Number of windows along one axis with numbers; `rounding` as in pooling. */
export function windows(n: number, kernel: number, w: Windows, i: number, rounding: 'floor' | 'ceil' | 'ceil_torch' = 'floor'): number {
  const stride = w.strides[i] ?? 1;
  if (w.auto_pad === 'same_upper' || w.auto_pad === 'same_lower') return Math.ceil(n / stride);
  const pads = w.auto_pad === 'valid' ? 0 : (w.pads_begin[i] ?? 0) + (w.pads_end[i] ?? 0);
  const room = n + pads - (kernel - 1) * (w.dilations[i] ?? 1) - 1;
  if (rounding === 'floor') return Math.floor(room / stride) + 1;
  const count = Math.ceil(room / stride) + 1;
  const lastStart = (count - 1) * stride;
  const before = w.auto_pad === 'valid' ? 0 : (w.pads_begin[i] ?? 0);
  return rounding === 'ceil_torch' && lastStart >= n + before ? count - 1 : count;
}

/** Two operations for each weight of a filter and each output element; 0 while sizes are unknown. */
export const flopsOf = (filters: Shape, output: Shape): Dim => {
  const known = [...(filters?.slice(1) ?? []), ...(output ?? [])];
  return known.every((d) => typeof d === 'number') ? (known as number[]).reduce((a, b) => a * b, 2) : 0;
};
