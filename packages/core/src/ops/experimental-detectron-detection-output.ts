import type { Fact } from '../ir/fact.js';
import { Literal } from '../tensor/literal.js';
import { bool, float, floats, int } from './attributes.js';
import { byFallingScore, clippedTo, cornersOf, refined, refinedGraph, stacked, suppressedBoxes, suppressedGraph } from './box-deltas.js';
import type { Box } from './boxes.js';
import { boxAt } from './detections.js';
import { corners4 } from './generate-proposals.js';
import { filledTo } from './experimental-detectron-generate-proposals-single-image.js';
import { floating, index, op, port } from './op.js';
import { reshaped, shapeValue, sizesOf, type Size } from './sizes.js';

/**
 * Detections of one image in pixels: regions [n, 4] refined per class by deltas [n, classes·4], scores [n, classes], class 0 being the
 * background. Per class suppression to `post_nms_count`, then the best `max_detections_per_image` of all. Outputs: boxes, classes,
 * scores, the best first, zeros behind the last.
 * Spec: OpenVINO ExperimentalDetectronDetectionOutput-6.
 */
export const ExperimentalDetectronDetectionOutput = op('ExperimentalDetectronDetectionOutput', {
  attributes: {
    score_threshold: float(),
    nms_threshold: float(),
    max_delta_log_wh: float(),
    num_classes: int(),
    post_nms_count: int(),
    max_detections_per_image: int(),
    class_agnostic_box_regression: bool(false),
    deltas_weights: floats(),
  },
  inputs: [port('rois', floating), port('deltas', floating), port('scores', floating), port('im_info', floating)],
  outputs: [port('boxes', floating), port('classes', index), port('box_scores', floating)],
  since: { opset6: {} },

  infer: ({ rois }, { max_detections_per_image: n }): readonly Fact[] => [
    { type: rois.type, shape: [n, 4] },
    { type: 'i32', shape: [n] },
    { type: rois.type, shape: [n] },
  ],

  evaluate({ rois, deltas, scores, im_info }, a) {
    const count = rois.shape[0] as number;
    const [height, width] = [Number(im_info.data[0]), Number(im_info.data[1])];
    const x = deltas.data as Float32Array;
    const columns = deltas.shape[1] as number;
    const found: { readonly cls: number; readonly score: number; readonly box: Box }[] = [];
    for (let cls = 1; cls < a.num_classes; cls++) {
      const boxes = Array.from({ length: count }, (_, i) => {
        const at = i * columns + 4 * (a.class_agnostic_box_regression ? 1 : cls);
        const delta = [0, 1, 2, 3].map((k) => x[at + k] as number) as [number, number, number, number];
        return clippedTo(
          refined(boxAt(rois.data as Float32Array, i * 4), delta, { offset: 1, maxLog: a.max_delta_log_wh, weights: a.deltas_weights }),
          width,
          height,
          0,
        );
      });
      const own = Array.from({ length: count }, (_, i) => Number(scores.data[i * a.num_classes + cls]));
      const order = byFallingScore(own, count).filter((i) => (own[i] as number) > a.score_threshold);
      for (const i of suppressedBoxes(boxes, order, a.nms_threshold, 1, a.post_nms_count))
        found.push({ cls, score: own[i] as number, box: boxes[i] as Box });
    }
    const n = a.max_detections_per_image;
    const kept = byFallingScore(
      found.map((d) => d.score),
      n,
    ).map((i) => found[i] as (typeof found)[number]);
    const filled = (values: readonly number[], size: number): number[] => Array.from({ length: size }, (_, i) => values[i] ?? 0);
    return [
      Literal.from(
        rois.type,
        [n, 4],
        filled(
          kept.flatMap((d) => corners4(d.box)),
          4 * n,
        ),
      ).nd(),
      Literal.from(
        'i32',
        [n],
        filled(
          kept.map((d) => d.cls),
          n,
        ),
      ).nd(),
      Literal.from(
        rois.type,
        [n],
        filled(
          kept.map((d) => d.score),
          n,
        ),
      ).nd(),
    ];
  },

  /** Classes take the place of a batch. */
  decompose(g, { rois, deltas, scores, im_info }, a) {
    const sizes = sizesOf(g, rois);
    const columns = deltas.fact.shape?.[1];
    if (!sizes || typeof columns !== 'number') return undefined;
    const count = sizes[0] as Size;
    const classes = a.num_classes - 1;
    const each = g.transpose(reshaped(g, deltas, [count, columns / 4, 4]), g.ints([1, 0, 2]));
    const own = g.slice(each, g.ints([1]), g.ints([a.class_agnostic_box_regression ? 2 : a.num_classes]), g.ints([1]), g.ints([0]));
    const moves = a.class_agnostic_box_regression ? g.broadcast(own, shapeValue(g, [classes, count, 4]), undefined) : own;
    const part = (i: number): typeof im_info =>
      g.slice(g.reshape(im_info, g.ints([-1])), g.ints([i]), g.ints([i + 1]), g.ints([1]), undefined);
    const refinement = { offset: 1, maxLog: a.max_delta_log_wh, weights: a.deltas_weights };
    const boxes = stacked(
      g,
      refinedGraph(g, cornersOf(g, g.unsqueeze(rois, g.ints([0]))), cornersOf(g, moves), part(1), part(0), refinement, 0),
    );
    const rates = g.transpose(g.slice(scores, g.ints([1]), g.ints([a.num_classes]), g.ints([1]), g.ints([1])), g.ints([1, 0]));
    const [places, rows] = suppressedGraph(g, boxes, rates, {
      limit: a.post_nms_count,
      iou: a.nms_threshold,
      score: a.score_threshold,
      offset: 1,
      sorted: true,
    });
    const n = a.max_detections_per_image;
    const names = g.cast(g.add(rows, g.constant('i64', [], [1])), 'i32');
    return [filledTo(g, g.gatherND(boxes, places), n), filledTo(g, names, n), filledTo(g, g.gatherND(rates, places), n)];
  },
});
