import { mul, product, type Dim } from '../shape/index.js';
import type { Fact } from '../ir/fact.js';
import { Literal } from '../tensor/literal.js';
import { bool, float, int } from './attributes.js';
import { floating, numeric, op, port } from './op.js';
import { counting, reshaped, shapeValue, sizesOf, sizeValue, type Size } from './sizes.js';

/**
 * Prior boxes [n, 4] moved to the middle of every cell of a feature map: [h·w·n, 4], or [h, w, n, 4] without `flatten`. Grid size and
 * steps are those of the feature map [1, c, h, w] within the image [1, c, h, w] where the attributes say 0.
 * Spec: OpenVINO ExperimentalDetectronPriorGridGenerator-6.
 */
export const ExperimentalDetectronPriorGridGenerator = op('ExperimentalDetectronPriorGridGenerator', {
  attributes: { flatten: bool(true), h: int(0, { min: 0 }), w: int(0, { min: 0 }), stride_x: float(0), stride_y: float(0) },
  inputs: [port('priors', floating, 2), port('feature_map', numeric, 4), port('im_data', numeric, 4)],
  outputs: [port('priors_grid', floating)],
  since: { opset6: {} },

  infer({ priors, feature_map, im_data }, { flatten, h, w }, ctx): Fact {
    ctx.match(['priors', priors, 'n 4'], ['feature_map', feature_map, 'b c h w'], ['im_data', im_data, 'b colours height width']);
    const size = (given: number, axis: number): Dim =>
      given > 0 ? given : (feature_map.shape?.[axis] ?? ctx.fresh(flatten ? 0 : axis - 2));
    const count = priors.shape?.[0] ?? ctx.fresh(flatten ? 0 : 2);
    const [rows, columns] = [size(h, 2), size(w, 3)];
    return { type: priors.type, shape: flatten ? [mul(product([rows, columns]), count), 4] : [rows, columns, count, 4] };
  },

  evaluate({ priors, feature_map, im_data }, a) {
    const count = priors.shape[0] as number;
    const [mapHeight, mapWidth] = feature_map.shape.slice(2) as [number, number];
    const [rows, columns] = [a.h || mapHeight, a.w || mapWidth];
    const stepX = a.stride_x || (im_data.shape[3] as number) / columns;
    const stepY = a.stride_y || (im_data.shape[2] as number) / rows;
    const values = Array.from({ length: rows * columns * count * 4 }, (_, i) => {
      const cell = Math.floor(i / (4 * count));
      const middle = i % 2 === 0 ? ((cell % columns) + 0.5) * stepX : (Math.floor(cell / columns) + 0.5) * stepY;
      return Number(priors.data[i % (4 * count)]) + middle;
    });
    return Literal.from(priors.type, a.flatten ? [rows * columns * count, 4] : [rows, columns, count, 4], values).nd();
  },

  decompose(g, { priors, feature_map, im_data }, a) {
    const map = sizesOf(g, feature_map);
    const image = sizesOf(g, im_data);
    if (!map || !image) return undefined;
    const { type } = priors.fact;
    const grid: readonly [Size, Size] = [a.h || (map[2] as Size), a.w || (map[3] as Size)];
    const middles = (count: Size, length: Size, stride: number): typeof priors => {
      const step = stride ? g.scalar(stride, priors) : g.divide(g.cast(sizeValue(g, length), type), g.cast(sizeValue(g, count), type));
      return g.multiply(g.add(g.cast(counting(g, count), type), g.scalar(0.5, priors)), step);
    };
    const spread = (v: typeof priors): typeof priors => g.broadcast(v, shapeValue(g, [...grid, 1, 1]), undefined);
    const x = spread(reshaped(g, middles(grid[1], image[3] as Size, a.stride_x), [1, grid[1], 1, 1]));
    const y = spread(reshaped(g, middles(grid[0], image[2] as Size, a.stride_y), [grid[0], 1, 1, 1]));
    const boxes = g.add(priors, g.concat([x, y, x, y], { axis: 3 }));
    return a.flatten ? g.reshape(boxes, g.ints([-1, 4])) : boxes;
  },
});
