import { mul, product, type Dim } from '../shape/index.js';
import type { Fact } from '../ir/fact.js';
import { Literal } from '../tensor/literal.js';
import { bool, float, int } from './attributes.js';
import { floating, numeric, op, port } from './op.js';

/**
 * Prior boxes [n, 4] moved to the middle of every cell of a feature map: [h·w·n, 4], or [h, w, n, 4] without `flatten`. Grid size and
 * steps are those of the feature map [1, c, h, w] within the image [1, c, h, w] where the attributes say 0.
 * Spec: OpenVINO ExperimentalDetectronPriorGridGenerator-6.
 */
export const ExperimentalDetectronPriorGridGenerator = op('ExperimentalDetectronPriorGridGenerator', {
  attributes: { flatten: bool(true), h: int(0, { min: 0 }), w: int(0, { min: 0 }), stride_x: float(0), stride_y: float(0) },
  inputs: [port('priors', floating), port('feature_map', numeric), port('im_data', numeric)],
  outputs: [port('priors_grid', floating)],
  since: { opset6: {} },

  infer({ priors, feature_map }, { flatten, h, w }, ctx): Fact {
    const size = (given: number, axis: number): Dim => (given > 0 ? given : (feature_map.shape?.[axis] ?? ctx.fresh(flatten ? 0 : axis - 2)));
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
});
