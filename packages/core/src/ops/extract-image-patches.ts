import { mul, type Dim } from '../shape/index.js';
import { moved } from '../tensor/nd.js';
import { ints, oneOf } from './attributes.js';
import { padsBefore, windowCounts, windows } from './convolution.js';
import { any, op, port } from './op.js';

const windowsOf = (strides: readonly number[], rates: readonly number[], auto_pad: 'valid' | 'same_upper' | 'same_lower') => ({
  strides,
  dilations: rates,
  pads_begin: [],
  pads_end: [],
  auto_pad,
});

/**
 * Patches of [N, C, H, W] data as channels: [N, h·w·C, rows, columns], channels of the data running fastest. `rates` are the steps
 * between elements of a patch; places outside are zero.
 * Spec: OpenVINO ExtractImagePatches-3.
 */
export const ExtractImagePatches = op('ExtractImagePatches', {
  attributes: {
    sizes: ints(undefined, { min: 1 }),
    strides: ints(undefined, { min: 1 }),
    rates: ints(undefined, { min: 1 }),
    auto_pad: oneOf(['valid', 'same_upper', 'same_lower']),
  },
  inputs: [port('data', any)],
  outputs: [port('output', any)],
  since: { opset3: {} },

  infer({ data }, { sizes, strides, rates, auto_pad }, ctx) {
    if (!data.shape) return { type: data.type, shape: undefined };
    if (data.shape.length !== 4) return ctx.fail('data must have four axes');
    const [n, c, ...spatial] = data.shape as readonly [Dim, Dim, Dim, Dim];
    return {
      type: data.type,
      shape: [
        n,
        mul(c, (sizes[0] as number) * (sizes[1] as number)),
        ...windowCounts(ctx, spatial, sizes, windowsOf(strides, rates, auto_pad)),
      ],
    };
  },

  evaluate({ data }, { sizes, strides, rates, auto_pad }) {
    const [n, c, height, width] = data.shape as [number, number, number, number];
    const [kh, kw] = sizes as [number, number];
    const w = windowsOf(strides, rates, auto_pad);
    const size = [height, width].map((d, i) => windows(d, sizes[i] as number, w, i)) as [number, number];
    const pads = padsBefore(w, [height, width], sizes, size) as [number, number];
    const out = moved(data, [n, kh * kw * c, ...size]);
    const zero = typeof data.data[0] === 'bigint' ? 0n : data.type === 'string' ? '' : 0;
    let to = 0;
    for (let b = 0; b < n; b++) {
      for (let tap = 0; tap < kh * kw; tap++) {
        for (let channel = 0; channel < c; channel++) {
          for (let i = 0; i < size[0]; i++) {
            for (let j = 0; j < size[1]; j++) {
              const y = i * (strides[0] as number) - pads[0] + Math.floor(tap / kw) * (rates[0] as number);
              const x = j * (strides[1] as number) - pads[1] + (tap % kw) * (rates[1] as number);
              const inside = y >= 0 && x >= 0 && y < height && x < width;
              out.data[to++] = (inside ? data.data[((b * c + channel) * height + y) * width + x] : zero) as never;
            }
          }
        }
      }
    }
    return out;
  },

  decompose(g, { data }, { sizes, strides, rates, auto_pad }) {
    // A slice for each element of a patch: all slices have as many rows and columns as there are patches.
    const [kh, kw] = sizes as [number, number];
    if (auto_pad !== 'valid' || kh * kw > 64) return undefined;
    const farEnd = 2 ** 31 - 1;
    const slices = Array.from({ length: kh * kw }, (_, tap) => {
      const at = [Math.floor(tap / kw), tap % kw];
      const left = at.map((k, i) => ((sizes[i] as number) - 1 - k) * (rates[i] as number));
      return g.slice(
        data,
        g.ints(at.map((k, i) => k * (rates[i] as number))),
        g.ints(left.map((d) => (d === 0 ? farEnd : -d))),
        g.ints(strides),
        g.ints([2, 3]),
      );
    });
    return g.concat(slices, { axis: 1 });
  },
});
