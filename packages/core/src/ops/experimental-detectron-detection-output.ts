import type { Fact } from '../ir/fact.js';
import { sameType } from './elementwise.js';
import { Literal } from '../tensor/literal.js';
import { bool, float, floats, int } from './attributes.js';
import { byFallingScore, clippedTo, refined, suppressedBoxes } from './box-deltas.js';
import type { Box } from './boxes.js';
import { boxAt } from './detections.js';
import { corners4 } from './generate-proposals.js';
import { floating, index, op, port } from './op.js';

/**
 * Detections of one image in pixels: regions [n, 4] refined per class by deltas [n, classes·4], scores [n, classes], class 0 being the
 * background; corners below 0 become 0, those beyond the image stay. Per class suppression to `post_nms_count`, then, when there are more, the best
 * `max_detections_per_image` of all, the best first. Outputs: boxes, classes, scores, zeros behind the last.
 * Spec: OpenVINO ExperimentalDetectronDetectionOutput-6.
 */
export const ExperimentalDetectronDetectionOutput = op('ExperimentalDetectronDetectionOutput', {
  attributes: {
    score_threshold: float(),
    nms_threshold: float(),
    max_delta_log_wh: float(),
    num_classes: int(undefined, { min: 1 }),
    post_nms_count: int(),
    max_detections_per_image: int(),
    class_agnostic_box_regression: bool(false),
    deltas_weights: floats(),
  },
  inputs: [port('rois', floating, 2), port('deltas', floating, 2), port('scores', floating, 2), port('im_info', floating, 2)],
  outputs: [port('boxes', floating), port('classes', index), port('box_scores', floating)],
  since: { opset6: {} },

  infer({ rois, deltas, scores, im_info }, { max_detections_per_image: n, num_classes }, ctx): readonly Fact[] {
    ctx.match(
      ['rois', rois, 'n 4'],
      ['deltas', deltas, `n ${4 * num_classes}`],
      ['scores', scores, `n ${num_classes}`],
      ['im_info', im_info, '1 3'],
    );
    const type = sameType(ctx, rois, deltas, scores, im_info);
    return [
      { type, shape: [n, 4] },
      { type: 'i32', shape: [n] },
      { type, shape: [n] },
    ];
  },

  evaluate({ rois, deltas, scores }, a) {
    const count = rois.shape[0] as number;
    const x = deltas.data as Float32Array;
    const columns = deltas.shape[1] as number;
    const found: { readonly cls: number; readonly score: number; readonly box: Box }[] = [];
    for (let cls = 1; cls < a.num_classes; cls++) {
      const boxes = Array.from({ length: count }, (_, i) => {
        const at = i * columns + 4 * (a.class_agnostic_box_regression ? 1 : cls);
        const delta = [0, 1, 2, 3].map((k) => x[at + k] as number) as [number, number, number, number];
        return clippedTo(
          refined(boxAt(rois.data as Float32Array, i * 4), delta, { offset: 1, maxLog: a.max_delta_log_wh, weights: a.deltas_weights }),
          Number.POSITIVE_INFINITY,
          Number.POSITIVE_INFINITY,
          0,
        );
      });
      const own = Array.from({ length: count }, (_, i) => Number(scores.data[i * a.num_classes + cls]));
      const order = byFallingScore(own, count).filter((i) => (own[i] as number) > a.score_threshold);
      for (const i of suppressedBoxes(boxes, order, a.nms_threshold, 1, a.post_nms_count))
        found.push({ cls, score: own[i] as number, box: boxes[i] as Box });
    }
    const n = a.max_detections_per_image;
    const best = (): (typeof found)[number][] =>
      byFallingScore(
        found.map((d) => d.score),
        n,
      ).map((i) => found[i] as (typeof found)[number]);
    const kept = found.length > n ? best() : found;
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
});
