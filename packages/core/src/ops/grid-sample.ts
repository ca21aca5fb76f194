import type { Dim } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { bool, oneOf } from './attributes.js';
import { floating, numeric, op, port } from './op.js';
import { roundHalfEven } from './special.js';

/**
 * Samples [N, C, H, W] data at the places of a grid [N, H', W', 2] of (x, y) in [-1, 1].
 *
 * ±1 are the centres of the corner elements with `align_corners`, else their outer edges. Beyond the border come zeros, the border itself,
 * or a reflection of the image; nearest rounds halves to even, bicubic uses -0.75.
 * Spec: OpenVINO GridSample-9.
 */
export const GridSample = op('GridSample', {
  attributes: { align_corners: bool(false), mode: oneOf(['bilinear', 'bicubic', 'nearest'], 'bilinear'), padding_mode: oneOf(['zeros', 'border', 'reflection'], 'zeros') },
  inputs: [port('data', numeric), port('grid', floating)],
  outputs: [port('output', numeric)],
  since: { opset9: {} },

  infer({ data, grid }, _, ctx) {
    for (const [what, f] of [['data', data], ['grid', grid]] as const) if (f.shape && f.shape.length !== 4) return ctx.fail(`${what} must have four axes`);
    if (grid.shape) ctx.requireEqual('coordinates', grid.shape[3] as Dim, 2);
    const [d, s] = [data.shape, grid.shape];
    const n = d && s ? ctx.requireEqual('batches', d[0] as Dim, s[0] as Dim) : (d ?? s)?.[0];
    if (n === undefined) return { type: data.type, shape: undefined };
    return { type: data.type, shape: [n, d?.[1] ?? ctx.fresh(1), s?.[1] ?? ctx.fresh(2), s?.[2] ?? ctx.fresh(3)] };
  },

  evaluate({ data, grid }, { align_corners, mode, padding_mode }) {
    const [batch, channels, height, width] = data.shape as [number, number, number, number];
    const [, rows, columns] = grid.shape as [number, number, number];
    const shape = [batch, channels, rows, columns];
    const out = emptyElements(data.type, batch * channels * rows * columns) as unknown as (number | bigint)[];
    const place = (v: number, n: number): number => (align_corners ? ((v + 1) / 2) * (n - 1) : ((v + 1) * n - 1) / 2);
    const pad = (i: number, n: number): number => padded(i, n, padding_mode, align_corners);
    for (let n = 0; n < batch; n++) {
      for (let p = 0; p < rows * columns; p++) {
        const at = (n * rows * columns + p) * 2;
        const [x, y] = [place(grid.data[at] as number, width), place(grid.data[at + 1] as number, height)];
        const [ys, xs] = [tapsAt(y, mode), tapsAt(x, mode)];
        for (let c = 0; c < channels; c++) {
          const plane = (n * channels + c) * height * width;
          let sum = 0;
          for (const [i, wy] of ys) {
            const row = pad(i, height);
            for (const [j, wx] of xs) {
              const column = pad(j, width);
              if (row >= 0 && column >= 0) sum += wy * wx * Number(data.data[plane + row * width + column]);
            }
          }
          out[(n * channels + c) * rows * columns + p] = typeof out[0] === 'bigint' ? BigInt(Math.trunc(sum)) : sum;
        }
      }
    }
    return { type: data.type, shape, data: out as never };
  },
});

/** Integer places around a broken one, with weights. */
function tapsAt(x: number, mode: 'bilinear' | 'bicubic' | 'nearest'): readonly (readonly [number, number])[] {
  if (mode === 'nearest') return [[roundHalfEven(x), 1]];
  const first = Math.floor(x);
  const t = x - first;
  if (mode === 'bilinear') return [[first, 1 - t], [first + 1, t]];
  const a = -0.75;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  return [[first - 1, far(t + 1)], [first, near(t)], [first + 1, near(1 - t)], [first + 2, far(2 - t)]];
}

/** The place that is read instead of `i`; -1 for a zero. */
function padded(i: number, n: number, mode: 'zeros' | 'border' | 'reflection', alignCorners: boolean): number {
  if (i >= 0 && i < n) return i;
  if (Number.isNaN(i) || mode === 'zeros') return -1;
  if (mode === 'border') return i < 0 ? 0 : n - 1;
  if (alignCorners) {
    const period = n === 1 ? 1 : 2 * (n - 1);
    const k = Math.abs(i) % period;
    return k >= n ? period - k : k;
  }
  const k = ((i % (2 * n)) + 2 * n) % (2 * n);
  return k >= n ? 2 * n - 1 - k : k;
}
