import type { NdArray } from '../tensor/nd.js';
import { CuveeError } from '../errors.js';
import { numbersOf } from '../tensor/nd.js';
import { float } from './attributes.js';
import { overlap, type Box } from './boxes.js';
import { suppressedGraph } from './box-deltas.js';
import {
  boxAt,
  detectionAttributes,
  inferDetections,
  sameSizes,
  namesGraph,
  notBackground,
  packed,
  packedGraph,
  ranked,
  rankedGraph,
  type Detection,
} from './detections.js';
import { current, floating, index, op, optional, port } from './op.js';
import { reshaped, shapeValue, sizesOf, times } from './sizes.js';

/** The boxes that stay: a box goes when it overlaps a better one by the threshold or more, which shrinks by `eta` from 0.5 on. */
function suppressed(boxes: readonly Box[], places: readonly number[], threshold: number, eta: number, offset: number): number[] {
  const kept: number[] = [];
  let limit = threshold;
  for (const p of places) {
    if (kept.some((k) => overlap(boxes[p] as Box, boxes[k] as Box, offset) >= limit)) continue;
    kept.push(p);
    if (eta < 1 && limit > 0.5) limit *= eta;
  }
  return kept;
}

/**
 * Non-maximum suppression of every class of every batch, then the best `keep_top_k` of each batch.
 *
 * Inputs: boxes [batch, boxes, 4] with scores [batch, classes, boxes]; or (MulticlassNms-9) with `roisnum` boxes [classes, all, 4] and
 * scores [classes, all], the batches lying one after the other. Corners count as pixels when not `normalized`. Outputs: rows of class,
 * score, x1, y1, x2, y2; the indices of the boxes; the number of rows of each batch.
 * Spec: OpenVINO MulticlassNms-9.
 */
export const MulticlassNms = op('MulticlassNms', {
  attributes: { ...detectionAttributes, iou_threshold: float(0), nms_eta: float(1) },
  inputs: [port('boxes', floating, 3), port('scores', floating, [2, 3]), optional('roisnum', index, 1)],
  outputs: [port('selected_outputs', floating), port('selected_indices', index), port('selected_num', index)],
  since: { opset8: current, opset9: current },

  infer({ boxes, scores, roisnum }, a, ctx) {
    const [, , numbers] = ctx.axes('boxes', boxes, 3) ?? [];
    if (numbers !== undefined) ctx.requireEqual('numbers of a box', numbers, 4);
    ctx.axes('scores', scores, roisnum ? 2 : 3);
    if (roisnum) ctx.axes('roisnum', roisnum, 1);
    const same = sameSizes(ctx, boxes, scores);
    return roisnum
      ? inferDetections(ctx, boxes.type, a.output_type, a, roisnum.shape?.[0], same('classes', 0, 0), same('boxes', 1, 1))
      : inferDetections(ctx, boxes.type, a.output_type, a, same('batches', 0, 0), scores.shape?.[1], same('boxes', 1, 2));
  },

  evaluate({ boxes, scores, roisnum }, a) {
    const batches = roisnum ? sharedByNone(boxes, scores, numbersOf(roisnum)) : sharedByClasses(boxes, scores);
    const offset = a.normalized ? 0 : 1;
    const chosen = batches.map((classes, batch) =>
      classes.flatMap((c, cls): Detection[] => {
        if (cls === a.background_class) return [];
        const places = ranked(c.scores, (s) => s >= a.score_threshold, a.nms_top_k);
        return suppressed(c.boxes, places, a.iou_threshold, a.nms_eta, offset).map((p) => ({
          batch,
          cls,
          index: c.indexOf(p),
          score: c.scores[p] as number,
          box: c.boxes[p] as Box,
        }));
      }),
    );
    return packed(boxes.type, a.output_type, chosen, a);
  },

  /** Every class of every batch is one row of a plain suppression. */
  decompose(g, { boxes, scores, roisnum }, a) {
    if (roisnum || a.nms_eta !== 1) return undefined;
    const r = rankedGraph(g, boxes, scores, a.nms_top_k);
    const count = sizesOf(g, boxes)?.[1];
    if (!r || count === undefined) return undefined;
    const rows = times(g, r.batch, r.classes);
    const all = times(g, r.classes, r.k);
    const admitted = g.logicalAnd(
      g.greaterEqual(r.scores, g.scalar(a.score_threshold, scores)),
      notBackground(g, r.classes, a.background_class),
    );
    const rated = reshaped(g, g.select(admitted, r.scores, g.scalar(Number.NEGATIVE_INFINITY, scores)), [rows, r.k]);
    const [places] = suppressedGraph(g, reshaped(g, r.boxes, [rows, r.k, 4]), rated, {
      limit: 2 ** 31 - 1,
      iou: below(a.iou_threshold),
      score: -3e38,
      offset: a.normalized ? 0 : 1,
      sorted: false,
    });
    const found = g.slice(g.shapeOf(places), g.ints([0]), g.ints([1]), g.ints([1]), undefined);
    const one = g.broadcast(g.constant('i32', [], [1]), found, undefined);
    const marks = g.scatterNDUpdate(g.broadcast(g.constant('i32', [], [0]), shapeValue(g, [rows, r.k]), undefined), places, one);
    const valid = reshaped(g, g.equal(marks, g.constant('i32', [], [1])), [r.batch, all]);
    return packedGraph(
      g,
      { scores: reshaped(g, r.scores, [r.batch, all]), valid, boxes: r.boxes, ...namesGraph(g, r, count) },
      a.output_type,
      a,
    );
  },
});

/** The f32 before a positive one: more than it is at least the given one. */
function below(x: number): number {
  const bits = new Int32Array(Float32Array.of(x).buffer);
  return x > 0 ? (new Float32Array(Int32Array.of((bits[0] as number) - 1).buffer)[0] as number) : x - 1e-30;
}

/** Boxes and scores of one class of one batch. */
interface ClassBoxes {
  readonly boxes: readonly Box[];
  readonly scores: readonly number[];
  readonly indexOf: (place: number) => number;
}

function sharedByClasses(boxes: NdArray, scores: NdArray): ClassBoxes[][] {
  const [batches, count] = boxes.shape as [number, number];
  const classes = scores.shape[1] as number;
  const x = boxes.data as Float32Array;
  return Array.from({ length: batches }, (_, b) => {
    const own = Array.from({ length: count }, (__, i) => boxAt(x, (b * count + i) * 4));
    return Array.from({ length: classes }, (__, c) => ({
      boxes: own,
      scores: Array.from({ length: count }, (___, i) => Number(scores.data[(b * classes + c) * count + i])),
      indexOf: (p: number) => b * count + p,
    }));
  });
}

function sharedByNone(boxes: NdArray, scores: NdArray, counts: readonly number[]): ClassBoxes[][] {
  const [classes, all] = boxes.shape as [number, number];
  const x = boxes.data as Float32Array;
  let start = 0;
  if (counts.some((n) => n < 0) || counts.reduce((a, b) => a + b, 0) > all)
    throw new CuveeError('ARGUMENT_INVALID', `the numbers of boxes of the batches exceed the ${all} boxes`);
  return counts.map((count) => {
    const from = start;
    start += count;
    return Array.from({ length: classes }, (_, c) => ({
      boxes: Array.from({ length: count }, (__, i) => boxAt(x, (c * all + from + i) * 4)),
      scores: Array.from({ length: count }, (__, i) => Number(scores.data[c * all + from + i])),
      indexOf: (p: number) => (from + p) * classes + c,
    }));
  });
}
