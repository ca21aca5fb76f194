/** @file What the windowed poolings share: attributes, shapes, and the walk over windows. */
import type { Infer } from '../ir/infer.js';
import type { Dim, Shape } from '../shape/index.js';
import { sizeOf } from '../tensor/nd.js';
import { ints, oneOf } from './attributes.js';
import { autoPad, padsBefore, windowCounts, windows, type Windows } from './convolution.js';

/** Attributes of AvgPool and MaxPool, in their IR spelling. */
export const poolingAttributes = {
  kernel: ints(undefined, { min: 1 }),
  strides: ints(undefined, { min: 1 }),
  dilations: ints([], { min: 1 }),
  pads_begin: ints(),
  pads_end: ints(),
  auto_pad: autoPad,
  rounding_type: oneOf(['floor', 'ceil', 'ceil_torch'], 'floor'),
};

/** Attributes of a pooling. */
export interface PoolingWindows extends Windows {
  readonly kernel: readonly number[];
  readonly rounding_type: 'floor' | 'ceil' | 'ceil_torch';
}

/** [N, C, windows…]. */
export function pooledShape(ctx: Infer, data: Shape, w: PoolingWindows): Shape {
  if (!data) return undefined;
  if (data.length !== w.kernel.length + 2) return ctx.fail(`a kernel of ${w.kernel.length} axes needs data of rank ${w.kernel.length + 2}`);
  const [n, c, ...spatial] = data as readonly [Dim, Dim, ...Dim[]];
  return [n, c, ...windowCounts(ctx, spatial, w.kernel, w, w.rounding_type)];
}

/** One window: flat offsets, within a plane, of the elements inside the image, and how many places it has inside the padded image. */
export interface PoolWindow {
  readonly inside: readonly number[];
  readonly padded: number;
}

/** The windows of a plane in output order, with numbers. */
export function planWindows(spatial: readonly number[], w: PoolingWindows): { size: readonly number[]; list: readonly PoolWindow[] } {
  const size = spatial.map((n, i) => windows(n, w.kernel[i] as number, w, i, w.rounding_type));
  const pads = padsBefore(w, spatial, w.kernel, size);
  // Along each axis: for each window the coordinates inside the image and the number of places inside the padded image.
  const axes = spatial.map((n, i) => {
    const [stride, dilation, k] = [w.strides[i] ?? 1, w.dilations[i] ?? 1, w.kernel[i] as number];
    const end = n + (w.auto_pad === 'explicit' ? (w.pads_end[i] ?? 0) : w.auto_pad === 'valid' ? 0 : Number.POSITIVE_INFINITY);
    // Taps from `first` on reach `limit` after this many steps.
    const tapsBelow = (first: number, limit: number): number => Math.min(k, Math.max(0, Math.ceil((limit - first) / dilation)));
    return Array.from({ length: size[i] as number }, (_, o) => {
      const first = o * stride - (pads[i] as number);
      const [from, to] = [tapsBelow(first, 0), tapsBelow(first, n)];
      return { inside: Array.from({ length: to - from }, (_x, t) => first + (from + t) * dilation), padded: tapsBelow(first, end) };
    });
  });
  const list = Array.from({ length: sizeOf(size) }, (_, flat) => {
    let inside = [0];
    let padded = 1;
    let rest = flat;
    const at = size.map(() => 0);
    for (let i = size.length - 1; i >= 0; i--) {
      at[i] = rest % (size[i] as number);
      rest = Math.floor(rest / (size[i] as number));
    }
    axes.forEach((axis, i) => {
      const window = axis[at[i] as number] as { inside: number[]; padded: number };
      inside = inside.flatMap((base) => window.inside.map((y) => base * (spatial[i] as number) + y));
      padded *= window.padded;
    });
    return { inside, padded };
  });
  return { size, list };
}

/** The axes that windows lie on, all but [N, C]. */
export const windowAxes = (_attributes: unknown, rank: number): readonly number[] => Array.from({ length: rank - 2 }, (_, i) => i + 2);
