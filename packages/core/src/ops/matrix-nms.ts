import { float, oneOf } from './attributes.js';
import { overlap, type Box } from './boxes.js';
import { cornersOf } from './box-deltas.js';
import {
  boxAt,
  detectionAttributes,
  inferDetections,
  namesGraph,
  notBackground,
  packed,
  packedGraph,
  ranked,
  sameSizes,
  rankedGraph,
  type Detection,
  type Ordering,
} from './detections.js';
import { floating, index, op, port } from './op.js';
import { counting, reshaped, sizesOf, times } from './sizes.js';

const touching = (a: Box, b: Box): boolean => a.x1 <= b.x2 && b.x1 <= a.x2 && a.y1 <= b.y2 && b.y1 <= a.y2;

/**
 * Soft suppression in one pass: a box's score is multiplied by the smallest decay that any better box of its class causes, where a better
 * box that is itself covered decays less. linear: (1 - iou)/(1 - covered); gaussian: exp((covered² - iou²)·sigma).
 *
 * Boxes [batch, boxes, 4] with scores [batch, classes, boxes]; outputs as in MulticlassNms, but `classid` orders by class across batches
 * alone: within a batch the order is by score. Boxes that do not touch have no overlap, pixels or not.
 * Source: Wang et al., "SOLOv2", NeurIPS 2020, section 3.3. Spec: OpenVINO MatrixNms-8.
 */
export const MatrixNms = op('MatrixNms', {
  attributes: {
    ...detectionAttributes,
    decay_function: oneOf(['gaussian', 'linear'], 'linear'),
    gaussian_sigma: float(2),
    post_threshold: float(0),
  },
  inputs: [port('boxes', floating, 3), port('scores', floating, 3)],
  outputs: [port('selected_outputs', floating), port('selected_indices', index), port('selected_num', index)],
  since: { opset8: {} },

  infer({ boxes, scores }, a, ctx) {
    const [, , numbers] = ctx.axes('boxes', boxes, 3) ?? [];
    if (numbers !== undefined) ctx.requireEqual('numbers of a box', numbers, 4);
    ctx.axes('scores', scores, 3);
    const same = sameSizes(ctx, boxes, scores);
    return inferDetections(ctx, boxes.type, a.output_type, a, same('batches', 0, 0), scores.shape?.[1], same('boxes', 1, 2));
  },

  evaluate({ boxes, scores }, a) {
    const [batches, count] = boxes.shape as [number, number];
    const classes = scores.shape[1] as number;
    const decay =
      a.decay_function === 'linear'
        ? (iou: number, covered: number): number => (1 - iou) / (1 - covered + 1e-10)
        : (iou: number, covered: number): number => Math.exp((covered * covered - iou * iou) * a.gaussian_sigma);
    const chosen = Array.from({ length: batches }, (_, batch) => {
      const own = Array.from({ length: count }, (__, i) => boxAt(boxes.data as Float32Array, (batch * count + i) * 4));
      return Array.from({ length: classes }, (__, cls): Detection[] => {
        if (cls === a.background_class) return [];
        const given = Array.from({ length: count }, (___, i) => Number(scores.data[(batch * classes + cls) * count + i]));
        const places = ranked(given, (s) => s > a.score_threshold, a.nms_top_k);
        const ious = places.map((p, i) =>
          places
            .slice(0, i)
            .map((q) => (touching(own[p] as Box, own[q] as Box) ? overlap(own[p] as Box, own[q] as Box, a.normalized ? 0 : 1) : 0)),
        );
        const covered = ious.map((row) => Math.max(0, ...row));
        return places.flatMap((p, i): Detection[] => {
          const least = (ious[i] as number[]).reduce((low, iou, j) => Math.min(low, decay(iou, covered[j] as number)), 1);
          const score = (given[p] as number) * least;
          return score > a.post_threshold ? [{ batch, cls, index: batch * count + p, score, box: own[p] as Box }] : [];
        });
      }).flat();
    });
    return packed(boxes.type, a.output_type, chosen, a.sort_result_across_batch ? a : { ...a, sort_result_type: 'score' });
  },

  decompose(g, { boxes, scores }, a) {
    const r = rankedGraph(g, boxes, scores, a.nms_top_k);
    const count = sizesOf(g, boxes)?.[1];
    // Overlaps of all pairs take k² numbers a class.
    if (!r || count === undefined || (typeof r.k === 'number' && r.k > 2048)) return undefined;
    const c = (value: number): typeof boxes => g.scalar(value, boxes);
    const all = times(g, r.classes, r.k);
    const corners = cornersOf(g, reshaped(g, r.boxes, [r.batch, r.classes, r.k, 4]));
    const row = (v: typeof boxes): typeof boxes => g.unsqueeze(v, g.ints([-1]));
    const column = (v: typeof boxes): typeof boxes => g.unsqueeze(v, g.ints([-2]));
    const offset = c(a.normalized ? 0 : 1);
    /** Extents of the boxes along one axis, of what each two share, and whether they touch there. */
    const along = (low: typeof boxes, high: typeof boxes) => ({
      size: g.maximum(g.add(g.subtract(high, low), offset), c(0)),
      shared: g.maximum(g.add(g.subtract(g.minimum(row(high), column(high)), g.maximum(row(low), column(low))), offset), c(0)),
      touch: g.logicalAnd(g.lessEqual(row(low), column(high)), g.lessEqual(column(low), row(high))),
    });
    const [x, y] = [along(corners[0], corners[2]), along(corners[1], corners[3])];
    const area = g.multiply(x.size, y.size);
    const shared = g.multiply(x.shared, y.shared);
    const union = g.subtract(g.add(row(area), column(area)), shared);
    const places = counting(g, r.k);
    const better = g.logicalAnd(
      g.less(places, g.unsqueeze(places, g.ints([1]))),
      g.logicalAnd(g.logicalAnd(x.touch, y.touch), g.greater(union, c(0))),
    );
    const iou = g.select(better, g.divide(shared, g.select(better, union, c(1))), c(0));
    const covered = column(g.reduceMax(iou, g.ints([-1])));
    const decay =
      a.decay_function === 'linear'
        ? g.divide(g.subtract(c(1), iou), g.add(g.subtract(c(1), covered), c(1e-10)))
        : g.exp(g.multiply(g.subtract(g.multiply(covered, covered), g.multiply(iou, iou)), c(a.gaussian_sigma)));
    const earlier = g.less(places, g.unsqueeze(places, g.ints([1])));
    const least = g.reduceMin(g.select(earlier, decay, c(1)), g.ints([-1]));
    const rated = g.multiply(r.scores, g.minimum(least, c(1)));
    const admitted = g.logicalAnd(
      g.greater(r.scores, g.scalar(a.score_threshold, scores)),
      g.greater(rated, g.scalar(a.post_threshold, scores)),
    );
    const valid = g.logicalAnd(admitted, notBackground(g, r.classes, a.background_class));
    const ordering: Ordering = a.sort_result_across_batch ? a : { ...a, sort_result_type: 'score' };
    return packedGraph(
      g,
      { scores: reshaped(g, rated, [r.batch, all]), valid: reshaped(g, valid, [r.batch, all]), boxes: r.boxes, ...namesGraph(g, r, count) },
      a.output_type,
      ordering,
    );
  },
});
