import { floorDiv, isEqual, mod, mul, type Dim } from '../shape/index.js';
import { moved } from '../tensor/nd.js';
import { ints } from './attributes.js';
import { any, op, port } from './op.js';
import { over, reshaped, sizesOf, times, type Size } from './sizes.js';

/**
 * Darknet's reorganisation: [N, C, H, W] becomes [N, C·s², H/s, W/s]. The elements are taken in the order in which Darknet reads
 * them: the data as if it were [N, C/s², H·s, W·s], from whose s by s cells come the channels.
 * Spec: OpenVINO ReorgYolo-2.
 */
export const ReorgYolo = op('ReorgYolo', {
  attributes: { stride: ints(undefined, { min: 1 }) },
  inputs: [port('data', any)],
  outputs: [port('output', any)],
  since: { opset2: {} },

  infer({ data }, { stride }, ctx) {
    if (!data.shape) return { type: data.type, shape: undefined };
    if (data.shape.length !== 4) return ctx.fail('data must have four axes');
    const [n, c, h, w] = data.shape as readonly [Dim, Dim, Dim, Dim];
    const s = stride[0] as number;
    for (const [what, d, unit] of [
      ['channels', c, s * s],
      ['rows', h, s],
      ['columns', w, s],
    ] as const)
      ctx.require(`${what} must be a multiple of ${unit}`, isEqual(mod(d, unit), 0));
    return { type: data.type, shape: [n, mul(c, s * s), floorDiv(h, s), floorDiv(w, s)] };
  },

  evaluate({ data }, { stride }) {
    const s = stride[0] as number;
    const [n, c, h, w] = data.shape as [number, number, number, number];
    const out = moved(data, [n, c * s * s, Math.floor(h / s), Math.floor(w / s)]);
    const channels = Math.floor(c / (s * s));
    let to = 0;
    for (let b = 0; b < n; b++) {
      for (let k = 0; k < c; k++) {
        const cell = Math.floor(k / channels);
        for (let y = 0; y < h; y++) {
          for (let x = 0; x < w; x++) {
            const [row, column] = [y * s + Math.floor(cell / s), x * s + (cell % s)];
            out.data[to++] = data.data[((b * channels + (k % channels)) * h * s + row) * w * s + column] as never;
          }
        }
      }
    }
    return out;
  },

  decompose(g, { data }, { stride }) {
    const s = stride[0] as number;
    const sizes = sizesOf(g, data);
    if (!sizes) return undefined;
    const [n, c, h, w] = sizes as [Size, Size, Size, Size];
    const whole = [c, h, w].every((d, i) => typeof d !== 'number' || d % (i === 0 ? s * s : s) === 0);
    if (!whole) return undefined;
    const cells = reshaped(g, data, [n, over(g, c, s * s), h, s, w, s]);
    return reshaped(g, g.transpose(cells, g.ints([0, 3, 5, 1, 2, 4])), [n, times(g, c, s * s), over(g, h, s), over(g, w, s)]);
  },

  traits: { moves: true },
});
