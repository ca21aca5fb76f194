import { CuveeError } from '../errors.js';
import { floorDiv, isEqual, mod, type Dim } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { isFloat } from '../tensor/element.js';
import { numbersOf } from '../tensor/nd.js';
import { ints } from './attributes.js';
import { index, numeric, op, port } from './op.js';

/**
 * Adds columns back into an image: [N, C·kh·kw, L] (or without N) gives [N, C, H, W], where column l is the patch that a sliding window
 * of `kernel_size` meets at its l-th place; elements of patches that overlap are summed, those in the padding dropped. Any number of
 * spatial axes, as many as `kernel_size` has numbers.
 * Spec: OpenVINO Col2Im-15.
 */
export const Col2Im = op('Col2Im', {
  attributes: { strides: ints([1, 1], { min: 1 }), dilations: ints([1, 1], { min: 1 }), pads_begin: ints([0, 0]), pads_end: ints([0, 0]) },
  inputs: [port('data', numeric, [2, 3]), port('output_size', index, 1), port('kernel_size', index, 1)],
  outputs: [port('output', numeric)],
  since: { opset15: {} },

  infer({ data, output_size, kernel_size }, attributes, ctx) {
    if (!data.shape) return { type: data.type, shape: undefined };
    if (data.shape.length !== 2 && data.shape.length !== 3) return ctx.fail('data must have two or three axes');
    const batch = data.shape.length === 3 ? [data.shape[0] as Dim] : [];
    const axes = [kernel_size, output_size].map((f) => f.shape?.[0]).find((d) => typeof d === 'number') ?? 2;
    ctx.sizes('kernel_size', kernel_size, axes);
    for (const [name, list] of Object.entries(attributes))
      if (list.length !== axes) ctx.fail(`${name} must be ${axes} numbers, not ${list.length}`);
    const kernel = ctx.constants(kernel_size);
    const [rows, columns] = data.shape.slice(-2) as [Dim, Dim];
    if (kernel) ctx.require('rows must be a multiple of the elements of a patch', isEqual(mod(rows, taps(kernel)), 0));
    const channels = kernel ? floorDiv(rows, taps(kernel)) : ctx.fresh(batch.length);
    const size = ctx.sizes('output_size', output_size, axes) ?? Array.from({ length: axes }, (_, i) => ctx.fresh(batch.length + 1 + i));
    if (kernel && size.every((d) => typeof d === 'number'))
      ctx.requireEqual('columns and places of the window', columns, taps(places(size, kernel, attributes)));
    return { type: data.type, shape: [...batch, channels, ...size] };
  },

  evaluate({ data, output_size, kernel_size }, { strides, dilations, pads_begin, pads_end }) {
    const size = numbersOf(output_size);
    const kernel = numbersOf(kernel_size);
    if (size.some((n) => n < 0) || kernel.some((k) => k < 1) || size.length !== kernel.length)
      throw new CuveeError('ARGUMENT_INVALID', `a window of ${kernel.join(' x ')} cannot slide over an image of ${size.join(' x ')}`);
    const [rows, columns] = data.shape.slice(-2) as [number, number];
    const batch = data.shape.length === 3 ? (data.shape[0] as number) : 1;
    const [patch, plane] = [taps(kernel), taps(size)];
    const channels = rows / patch;
    const along = places(size, kernel, { strides, dilations, pads_begin, pads_end });
    if (!Number.isInteger(channels) || taps(along) !== columns)
      throw new CuveeError(
        'SHAPE_MISMATCH',
        `${rows} rows and ${columns} columns are not patches of ${patch} elements at ${taps(along)} places`,
      );
    const sums = new Float64Array(batch * channels * plane);
    for (let i = 0; i < data.data.length; i++) {
      let [l, tap, at, scale] = [i % columns, Math.floor(i / columns) % patch, 0, 1];
      for (let axis = size.length - 1; axis >= 0 && at >= 0; axis--) {
        const [n, k, d] = [along[axis] as number, kernel[axis] as number, size[axis] as number];
        const y = (l % n) * (strides[axis] ?? 1) - (pads_begin[axis] ?? 0) + (tap % k) * (dilations[axis] ?? 1);
        at = y < 0 || y >= d ? -1 : at + y * scale;
        [l, tap, scale] = [Math.floor(l / n), Math.floor(tap / k), scale * d];
      }
      if (at < 0) continue;
      const to = Math.floor(i / columns / patch) * plane + at;
      sums[to] = (sums[to] as number) + Number(data.data[i]);
    }
    const out = emptyElements(data.type, sums.length) as unknown as (number | bigint)[];
    sums.forEach((x, i) => {
      out[i] = typeof data.data[0] === 'bigint' ? BigInt(x) : x;
    });
    return { type: data.type, shape: [...(data.shape.length === 3 ? [batch] : []), channels, ...size], data: out as never };
  },

  decompose(g, { data, output_size, kernel_size }, { strides, dilations, pads_begin, pads_end }) {
    // A transposed convolution of each channel with filters that place one element of the patch each.
    const [size, kernel] = [output_size, kernel_size].map((v) => v.fact.value && numbersOf(v.fact.value.nd()));
    if (!size || !kernel || size.length > 3 || !data.fact.shape || !isFloat(data.fact.type)) return undefined;
    const patch = taps(kernel);
    const rest = size.map((n, i) => n + (pads_begin[i] ?? 0) + (pads_end[i] ?? 0) - (dilations[i] ?? 1) * ((kernel[i] as number) - 1) - 1);
    const along = rest.map((r, i) => Math.floor(r / (strides[i] ?? 1)) + 1);
    const identity = Array.from({ length: patch * patch }, (_, i) => Number(i % (patch + 1) === 0));
    const image = g.convolutionBackpropData(
      g.reshape(data, g.ints([-1, patch, ...along])),
      g.constant(data.fact.type, [patch, 1, ...kernel], identity),
      undefined,
      {
        strides,
        dilations,
        pads_begin,
        pads_end,
        output_padding: rest.map((r, i) => r % (strides[i] ?? 1)),
      },
    );
    const rows = data.fact.shape[data.fact.shape.length - 2];
    if (data.fact.shape.length === 2) return g.reshape(image, g.ints([-1, ...size]));
    return typeof rows === 'number' ? g.reshape(image, g.ints([-1, rows / patch, ...size])) : undefined;
  },
});

interface Window {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads_begin: readonly number[];
  readonly pads_end: readonly number[];
}

const taps = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** Number of places of the window along each axis of the padded image. */
const places = (size: readonly number[], kernel: readonly number[], w: Window): number[] =>
  size.map(
    (n, i) =>
      Math.floor(
        (n + (w.pads_begin[i] ?? 0) + (w.pads_end[i] ?? 0) - (w.dilations[i] ?? 1) * ((kernel[i] as number) - 1) - 1) / (w.strides[i] ?? 1),
      ) + 1,
  );
