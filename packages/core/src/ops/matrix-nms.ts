import type { Dim } from '../shape/index.js';
import { float, oneOf } from './attributes.js';
import { overlap, type Box } from './boxes.js';
import { boxAt, detectionAttributes, inferDetections, packed, ranked, type Detection } from './detections.js';
import { floating, index, op, port } from './op.js';

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
  attributes: { ...detectionAttributes, decay_function: oneOf(['gaussian', 'linear'], 'linear'), gaussian_sigma: float(2), post_threshold: float(0) },
  inputs: [port('boxes', floating), port('scores', floating)],
  outputs: [port('selected_outputs', floating), port('selected_indices', index), port('selected_num', index)],
  since: { opset8: {} },

  infer({ boxes, scores }, a, ctx) {
    if (boxes.shape && scores.shape) ctx.requireEqual('the numbers of boxes and scores', boxes.shape[1] as Dim, scores.shape[2] as Dim);
    return inferDetections(ctx, boxes.type, a.output_type, a, boxes.shape?.[0] ?? scores.shape?.[0], scores.shape?.[1], boxes.shape?.[1] ?? scores.shape?.[2]);
  },

  evaluate({ boxes, scores }, a) {
    const [batches, count] = boxes.shape as [number, number];
    const classes = scores.shape[1] as number;
    const decay = a.decay_function === 'linear'
      ? (iou: number, covered: number): number => (1 - iou) / (1 - covered + 1e-10)
      : (iou: number, covered: number): number => Math.exp((covered * covered - iou * iou) * a.gaussian_sigma);
    const chosen = Array.from({ length: batches }, (_, batch) => {
      const own = Array.from({ length: count }, (__, i) => boxAt(boxes.data as Float32Array, (batch * count + i) * 4));
      return Array.from({ length: classes }, (__, cls): Detection[] => {
        if (cls === a.background_class) return [];
        const given = Array.from({ length: count }, (___, i) => Number(scores.data[(batch * classes + cls) * count + i]));
        const places = ranked(given, (s) => s > a.score_threshold, a.nms_top_k);
        const ious = places.map((p, i) => places.slice(0, i).map((q) => touching(own[p] as Box, own[q] as Box) ? overlap(own[p] as Box, own[q] as Box, a.normalized ? 0 : 1) : 0));
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
});
