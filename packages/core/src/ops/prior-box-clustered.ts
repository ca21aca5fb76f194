import { mul, type Dim } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { numbersOf } from '../tensor/nd.js';
import { bool, float, floats } from './attributes.js';
import { index, op, only, port } from './op.js';

/** Distances between places: those given, where both are 0 `step` for both, where that is 0, too, what divides the image evenly. */
function steps(given: readonly [number, number], step: number, even: readonly [number, number]): readonly [number, number] {
  if (given[0] !== 0 || given[1] !== 0) return given;
  return step === 0 ? even : [step, step];
}

/**
 * Boxes (x1, y1, x2, y2), as fractions of the image, of given widths and heights in pixels around each place of a feature map [H, W],
 * and their variances: [2, 4·H·W·boxes]. Steps of 0 are image size over map size. Spec: OpenVINO PriorBoxClustered-1.
 */
export const PriorBoxClustered = op('PriorBoxClustered', {
  attributes: {
    width: floats([1]),
    height: floats([1]),
    clip: bool(false),
    step: float(0),
    step_w: float(0),
    step_h: float(0),
    offset: float(),
    variance: floats([]),
  },
  inputs: [port('output_size', index, 1), port('image_size', index, 1)],
  outputs: [port('output', only('f32'))],
  check: ({ width, height }) => (width.length === height.length ? undefined : `${width.length} widths and ${height.length} heights`),

  infer({ output_size, image_size }, { width }, ctx) {
    ctx.sizes('image_size', image_size, 2);
    const size = ctx.sizes('output_size', output_size, 2);
    return { type: 'f32', shape: [2, size ? mul(size[0] as Dim, size[1] as Dim, 4 * width.length) : ctx.fresh(1)] };
  },

  evaluate({ output_size, image_size }, { width: widths, height: heights, clip, step, step_w, step_h, offset, variance }) {
    const [rows, columns] = numbersOf(output_size) as [number, number];
    const [height, width] = numbersOf(image_size) as [number, number];
    const [sx, sy] = steps([step_w, step_h], step, [width / columns, height / rows]);
    const count = rows * columns * widths.length * 4;
    const out = emptyElements('f32', 2 * count) as Float32Array;
    let to = 0;
    for (let place = 0; place < rows * columns; place++) {
      const [x, y] = [((place % columns) + offset) * sx, (Math.floor(place / columns) + offset) * sy];
      widths.forEach((w, i) => {
        const h = heights[i] as number;
        for (const v of [(x - w / 2) / width, (y - h / 2) / height, (x + w / 2) / width, (y + h / 2) / height])
          out[to++] = clip ? Math.min(Math.max(v, 0), 1) : v;
      });
    }
    for (let i = 0; i < count; i++) out[count + i] = variance.length === 0 ? 0.1 : (variance[i % variance.length] as number);
    return { type: 'f32', shape: [2, count], data: out };
  },
});
