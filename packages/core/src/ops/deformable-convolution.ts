import { mul, type Dim } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { sizeOf } from '../tensor/nd.js';
import { bool, int } from './attributes.js';
import { convolutionAttributes, padsBefore, windowCounts, windows } from './convolution.js';
import { sameType } from './elementwise.js';
import { current, floating, op, optional, port } from './op.js';

const grouped = { ...convolutionAttributes, group: int(1, { min: 1 }), deformable_group: int(1, { min: 1 }) };

/**
 * Convolution whose taps are moved by offsets [N, 2·deformable_group·kh·kw, H, W], (y, x) for each tap, sampled bilinearly and, with a mask
 * [N, deformable_group·kh·kw, H, W], weighted.
 *
 * With `bilinear_interpolation_pad` places up to one beyond the border blend into zeros; without it places outside count 0 and
 * neighbours are taken from the border. DeformableConvolution-1 has neither this attribute nor a mask.
 * Spec: OpenVINO DeformableConvolution-8.
 */
export const DeformableConvolution = op('DeformableConvolution', {
  attributes: { ...grouped, bilinear_interpolation_pad: bool(false) },
  inputs: [port('data', floating, 4), port('offsets', floating, 4), port('filters', floating, 4), optional('mask', floating, 4)],
  outputs: [port('output', floating)],
  since: { opset1: { attributes: grouped }, opset8: current },

  infer({ data, offsets, filters, mask }, attributes, ctx) {
    const type = sameType(ctx, data, offsets, filters, ...(mask ? [mask] : []));
    if (!data.shape || !filters.shape) return { type, shape: undefined };
    if (data.shape.length !== 4 || filters.shape.length !== 4) return ctx.fail('data and filters must have four axes');
    const [n, channels, ...spatial] = data.shape as [Dim, Dim, Dim, Dim];
    const [out, inputs, ...kernel] = filters.shape as [Dim, Dim, Dim, Dim];
    ctx.requireEqual('input channels', channels, mul(inputs, attributes.group));
    const counts = windowCounts(ctx, spatial, kernel, attributes);
    if (offsets.shape) {
      if (offsets.shape.length !== 4) return ctx.fail('offsets must have four axes');
      ctx.requireEqual('the batch of data and offsets', n, offsets.shape[0] as Dim);
      ctx.requireEqual('offset channels', offsets.shape[1] as Dim, mul(2 * attributes.deformable_group, ...kernel));
      counts.forEach((c, i) => ctx.requireEqual(`offsets along spatial axis ${i}`, offsets.shape?.[i + 2] as Dim, c));
    }
    return { type, shape: [n, out, ...counts] };
  },

  evaluate({ data, offsets, filters, mask }, attributes) {
    const { strides, dilations, group, deformable_group, bilinear_interpolation_pad } = attributes;
    const [batch, channels, height, width] = data.shape as [number, number, number, number];
    const [outChannels, perGroup, kh, kw] = filters.shape as [number, number, number, number];
    const size = [height, width].map((n, i) => windows(n, [kh, kw][i] as number, attributes, i)) as [number, number];
    const pads = padsBefore(attributes, [height, width], [kh, kw], size) as [number, number];
    const [places, taps] = [sizeOf(size), kh * kw];
    const out = emptyElements(data.type, batch * outChannels * places) as Float32Array;
    const sample = bilinear(data.data as Float32Array, height, width, bilinear_interpolation_pad);
    for (let n = 0; n < batch; n++) {
      for (let p = 0; p < places; p++) {
        const [oy, ox] = [Math.floor(p / size[1]), p % size[1]];
        for (let o = 0; o < outChannels; o++) {
          const first = Math.floor(o / (outChannels / group)) * perGroup;
          let sum = 0;
          for (let c = 0; c < perGroup; c++) {
            const shifted = Math.floor((first + c) / (channels / deformable_group));
            for (let t = 0; t < taps; t++) {
              const at = ((n * deformable_group + shifted) * taps + t) * 2 * places + p;
              const y = oy * (strides[0] ?? 1) - pads[0] + Math.floor(t / kw) * (dilations[0] ?? 1) + (offsets.data[at] as number);
              const x = ox * (strides[1] ?? 1) - pads[1] + (t % kw) * (dilations[1] ?? 1) + (offsets.data[at + places] as number);
              const weight = mask ? (mask.data[((n * deformable_group + shifted) * taps + t) * places + p] as number) : 1;
              sum +=
                sample((n * channels + first + c) * height * width, y, x) *
                weight *
                (filters.data[(o * perGroup + c) * taps + t] as number);
            }
          }
          out[(n * outChannels + o) * places + p] = sum;
        }
      }
    }
    return { type: data.type, shape: [batch, outChannels, ...size], data: out };
  },
});

/** Reads a plane at a broken place. */
function bilinear(data: ArrayLike<number>, height: number, width: number, pad: boolean): (plane: number, y: number, x: number) => number {
  const read = (plane: number, y: number, x: number): number =>
    y < 0 || x < 0 || y >= height || x >= width ? 0 : (data[plane + y * width + x] as number);
  return (plane, y, x) => {
    const low = pad ? -1 : 0;
    if (y < low || x < low || y >= height || x >= width || (pad && (y === -1 || x === -1))) return 0;
    const [y0, x0] = [Math.floor(y), Math.floor(x)];
    const [y1, x1] = pad ? [y0 + 1, x0 + 1] : [Math.min(Math.ceil(y), height - 1), Math.min(Math.ceil(x), width - 1)];
    const [dy, dx] = [y - y0, x - x0];
    return (
      (1 - dy) * ((1 - dx) * read(plane, y0, x0) + dx * read(plane, y0, x1)) +
      dy * ((1 - dx) * read(plane, y1, x0) + dx * read(plane, y1, x1))
    );
  };
}
