import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import { bounds, type Dim } from '../shape/index.js';
import type { NdArray } from '../tensor/nd.js';
import type { Builder } from '../opset/builder.js';
import type { Value } from '../ir/node.js';
import { bool, elementType, oneOf, type Attributes, type Schema } from './attributes.js';
import { current, floating, index, op, optional, port, type Version } from './op.js';
import { corners, overlap, selectedBoxes, type Box, type Chosen } from './boxes.js';
import { knownScalar } from './top-k.js';

const shared = { box_encoding: oneOf(['corner', 'center'], 'corner'), sort_result_descending: bool(true) };

/** Versions 1 to 4 give the indices alone; version 1 has no type for them. */
const indicesOnly = (attributes: Schema): Version => ({
  attributes,
  rebuild: (g: Builder, inputs: readonly Value[], a: Attributes) => [
    g.node('NonMaxSuppression', inputs, { output_type: 'i64', ...a })[0] as Value,
  ],
});

/** A chosen box, or one that may be chosen. */
interface Candidate {
  readonly box: number;
  score: number;
  compared: number;
}

/**
 * Greedy choice of boxes per batch and class: the best score first; a box that overlaps a chosen one by more than `iou_threshold` is
 * dropped. With `soft_nms_sigma` > 0 none is dropped for that; instead a box's score shrinks by exp(-iou²/2σ) for each chosen one. At most
 * `max_output_boxes_per_class`, and only scores above `score_threshold`.
 *
 * Outputs: [n, 3] of batch, class and box; [n, 3] of batch, class and score as floats; n. By score over everything with
 * `sort_result_descending`, else by batch, class and choice. Boxes are opposite corners in any order, or centre and size.
 * Spec: OpenVINO NonMaxSuppression-9.
 */
export const NonMaxSuppression = op('NonMaxSuppression', {
  attributes: { ...shared, output_type: elementType('i64') },
  inputs: [
    port('boxes', floating, 3),
    port('scores', floating, 3),
    optional('max_output_boxes_per_class', index, 'one'),
    optional('iou_threshold', floating, 'one'),
    optional('score_threshold', floating, 'one'),
    optional('soft_nms_sigma', floating, 'one'),
  ],
  outputs: [port('selected_indices', index), port('selected_scores', floating), port('valid_outputs', index)],
  since: {
    opset1: indicesOnly(shared),
    opset3: indicesOnly({ ...shared, output_type: elementType('i64') }),
    opset4: indicesOnly({ ...shared, output_type: elementType('i64') }),
    opset5: current,
    opset9: current,
  },

  infer({ boxes, scores, max_output_boxes_per_class }, { output_type }, ctx) {
    ctx.match(['boxes', boxes, 'batch n 4'], ['scores', scores, 'batch classes n']);
    const most = mostSelected(ctx, boxes, scores, max_output_boxes_per_class);
    const count = ctx.fresh(0, [0, most]);
    return [
      { type: output_type, shape: [count, 3] },
      { type: 'f32', shape: [count, 3] },
      { type: output_type, shape: [1] },
    ];
  },

  evaluate(
    { boxes, scores, max_output_boxes_per_class, iou_threshold, score_threshold, soft_nms_sigma },
    { box_encoding, sort_result_descending, output_type },
  ) {
    const number = (a: NdArray | undefined): number => (a ? Number(a.data[0]) : 0);
    const [batches, count] = boxes.shape as [number, number];
    const classes = scores.shape[1] as number;
    const limit = number(max_output_boxes_per_class);
    const x = boxes.data as Float32Array;
    const chosen: Chosen[] = [];
    for (let batch = 0; batch < batches; batch++) {
      const all = Array.from({ length: count }, (_, i): Box => corners(x, (batch * count + i) * 4, box_encoding === 'center'));
      for (let cls = 0; cls < classes; cls++) {
        const given = Array.from({ length: count }, (_, i) => Number(scores.data[(batch * classes + cls) * count + i]));
        for (const c of selectBoxes(all, given, limit, number(iou_threshold), number(score_threshold), number(soft_nms_sigma)))
          chosen.push({ batch, cls, ...c });
      }
    }
    return selectedBoxes(chosen, sort_result_descending, output_type);
  },
});

/** Batches · classes · min(limit, boxes), at most. */
function mostSelected(ctx: Infer, boxes: Fact, scores: Fact, limit: Fact | undefined): number {
  if (boxes.shape && boxes.shape.length !== 3) ctx.fail(`boxes must have rank 3, they have ${boxes.shape.length}`);
  if (scores.shape && scores.shape.length !== 3) ctx.fail(`scores must have rank 3, they have ${scores.shape.length}`);
  if (boxes.shape && scores.shape) {
    ctx.requireEqual('the batches of boxes and scores', boxes.shape[0] as Dim, scores.shape[0] as Dim);
    ctx.requireEqual('the numbers of boxes and scores', boxes.shape[1] as Dim, scores.shape[2] as Dim);
  }
  if (!limit) return 0;
  const known = knownScalar(limit);
  const top = (d: Dim | undefined): number => (d === undefined ? Number.POSITIVE_INFINITY : Math.max(0, bounds(d)[1]));
  const each = Math.min(top(known), top(boxes.shape?.[1] ?? scores.shape?.[2]));
  const most = top(scores.shape?.[0] ?? boxes.shape?.[0]) * top(scores.shape?.[1]) * each;
  return Number.isNaN(most) ? 0 : most;
}

/** The boxes chosen for one class, in order of choice, with the scores that they had then. */
function selectBoxes(
  boxes: readonly Box[],
  scores: readonly number[],
  limit: number,
  iouThreshold: number,
  scoreThreshold: number,
  sigma: number,
): readonly { box: number; score: number }[] {
  const better = (a: Candidate, b: Candidate): number => b.score - a.score || a.box - b.box;
  const queue = scores.flatMap((score, box): Candidate[] => (score > scoreThreshold ? [{ box, score, compared: 0 }] : [])).sort(better);
  const chosen: { box: number; score: number }[] = [];
  while (chosen.length < limit) {
    const next = queue.shift();
    if (!next) break;
    const { score } = next;
    let dropped = false;
    for (let j = chosen.length - 1; j >= next.compared && !dropped; j--) {
      const iou = overlap(boxes[next.box] as Box, boxes[(chosen[j] as { box: number }).box] as Box);
      if (sigma <= 0 && iou > iouThreshold) dropped = true;
      else if (sigma > 0) next.score = Math.fround(next.score * Math.exp((-0.5 / sigma) * iou * iou));
    }
    if (dropped || next.score <= scoreThreshold) continue;
    next.compared = chosen.length;
    if (next.score === score) chosen.push({ box: next.box, score });
    else {
      const at = queue.findIndex((c) => better(next, c) < 0);
      queue.splice(at < 0 ? queue.length : at, 0, next);
    }
  }
  return chosen;
}
