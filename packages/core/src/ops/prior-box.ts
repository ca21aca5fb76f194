import { mul, type Dim } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { numbersOf } from '../tensor/nd.js';
import { bool, float, floats } from './attributes.js';
import { current, index, op, only, port } from './op.js';

const attributes = {
  min_size: floats([]),
  max_size: floats([]),
  aspect_ratio: floats([]),
  density: floats([]),
  fixed_ratio: floats([]),
  fixed_size: floats([]),
  clip: bool(false),
  flip: bool(false),
  step: float(0),
  offset: float(),
  variance: floats([]),
  scale_all_sizes: bool(true),
};
interface Sizes {
  readonly min_size: readonly number[];
  readonly max_size: readonly number[];
  readonly aspect_ratio: readonly number[];
  readonly density: readonly number[];
  readonly fixed_ratio: readonly number[];
  readonly fixed_size: readonly number[];
  readonly flip: boolean;
  readonly scale_all_sizes: boolean;
  readonly min_max_aspect_ratios_order: boolean;
}

/**
 * Boxes (x1, y1, x2, y2), as fractions of the image, of several sizes and ratios around each place of a feature map [H, W], and their
 * variances: [2, 4·H·W·boxes].
 *
 * The number of boxes counts a fixed ratio's dense boxes without the first of each; what a place has beyond it pushes those of the next
 * places back, and the end is cut off. PriorBox-1 has one order of boxes: the one of `min_max_aspect_ratios_order`.
 * Spec: OpenVINO PriorBox-8.
 */
export const PriorBox = op('PriorBox', {
  attributes: { ...attributes, min_max_aspect_ratios_order: bool(true) },
  inputs: [port('output_size', index, 1), port('image_size', index, 1)],
  outputs: [port('output', only('f32'))],
  since: { opset1: { attributes }, opset8: current },

  infer({ output_size, image_size }, sizes, ctx) {
    ctx.sizes('image_size', image_size, 2);
    const size = ctx.sizes('output_size', output_size, 2);
    return { type: 'f32', shape: [2, size ? mul(size[0] as Dim, size[1] as Dim, 4 * boxCount(sizes)) : ctx.fresh(1)] };
  },

  evaluate({ output_size, image_size }, sizes) {
    const [rows, columns] = numbersOf(output_size) as [number, number];
    const [height, width] = numbersOf(image_size) as [number, number];
    const boxes = boxesAt(sizes, height);
    const count = rows * columns * boxCount(sizes) * 4;
    const out = emptyElements('f32', 2 * count) as Float32Array;
    const step = sizes.scale_all_sizes ? sizes.step : sizes.step === -1 ? height / rows : sizes.step * height;
    let to = 0;
    for (let place = 0; place < rows * columns; place++) {
      const [row, column] = [Math.floor(place / columns), place % columns];
      const x = step === 0 ? (column + 0.5) * (width / columns) : (column + sizes.offset) * step;
      const y = step === 0 ? (row + 0.5) * (height / rows) : (row + sizes.offset) * step;
      for (const { dx, dy, w, h, clip } of boxes) {
        for (const v of [(x + dx - w) / width, (y + dy - h) / height, (x + dx + w) / width, (y + dy + h) / height])
          out[to++] = clip || sizes.clip ? Math.min(Math.max(v, 0), 1) : v;
      }
    }
    // Boxes beyond the count reach into the variances, which are written last.
    for (let i = 0; i < count; i++)
      out[count + i] = sizes.variance.length === 0 ? 0.1 : (sizes.variance[i % sizes.variance.length] as number);
    return { type: 'f32', shape: [2, count], data: out };
  },
});

/** One box around a place: where its centre lies from there, half its width and height, in pixels. */
interface Box {
  readonly dx: number;
  readonly dy: number;
  readonly w: number;
  readonly h: number;
  readonly clip: boolean;
}

const ratiosOf = (s: Sizes): number[] =>
  s.aspect_ratio.reduce<number[]>(
    (known, r) => (known.some((k) => Math.abs(k - r) < 1e-6) ? known : [...known, r, ...(s.flip ? [1 / r] : [])]),
    [1],
  );

/** The number of boxes for each place that the specification counts. */
function boxCount(s: Sizes): number {
  const ratios = ratiosOf(s).length;
  const plain =
    s.fixed_size.length > 0
      ? ratios * s.fixed_size.length
      : s.scale_all_sizes
        ? ratios * s.min_size.length + s.max_size.length
        : ratios + s.min_size.length - 1;
  return s.density.reduce((n, d) => n + (s.fixed_ratio.length > 0 ? s.fixed_ratio.length : ratios) * (Math.trunc(d) ** 2 - 1), plain);
}

/** The boxes of one place, in order. Without `scale_all_sizes` sizes are fractions of the image's height. */
function boxesAt(s: Sizes, height: number): Box[] {
  const others = ratiosOf(s).filter((r) => Math.abs(r - 1) >= 1e-6);
  const out: Box[] = [];
  s.fixed_size.forEach((size, i) => {
    const dense = s.density[i] ?? 1;
    const spread = (ratio: number): void => {
      const [root, shift] = [Math.sqrt(ratio), size / dense];
      for (let k = 0; k < dense * dense; k++) {
        const at = (n: number): number => -size / 2 + shift / 2 + n * shift;
        out.push({ dx: at(k % dense), dy: at(Math.floor(k / dense)), w: (size * root) / 2, h: size / root / 2, clip: true });
      }
    };
    if (s.fixed_ratio.length > 0) s.fixed_ratio.forEach(spread);
    else [...(s.density.length > 0 ? [1] : []), ...others].forEach(spread);
  });
  const least = s.scale_all_sizes ? s.min_size : s.min_size.map((m) => m * height);
  const box = (w: number, h: number): void => {
    out.push({ dx: 0, dy: 0, w: w / 2, h: h / 2, clip: false });
  };
  least.forEach((size, i) => {
    const largest = (): void => {
      const top = s.max_size[i];
      if (top !== undefined) box(Math.sqrt(size * top), Math.sqrt(size * top));
    };
    const shaped = (): void => {
      if (!s.scale_all_sizes && i !== least.length - 1) return;
      const base = s.scale_all_sizes ? size : (least[0] as number);
      for (const r of others) box(base * Math.sqrt(r), base / Math.sqrt(r));
    };
    box(size, size);
    for (const next of s.min_max_aspect_ratios_order ? [largest, shaped] : [shaped, largest]) next();
  });
  return out;
}
