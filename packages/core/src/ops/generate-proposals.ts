import { sameType } from './elementwise.js';
import { type Dim, mul } from '../shape/index.js';
import type { Fact } from '../ir/fact.js';
import { bounds } from '../shape/index.js';
import { Literal } from '../tensor/literal.js';
import { bool, elementType, float, int } from './attributes.js';
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import {
  byFallingScore,
  clippedTo,
  cornersOf,
  maxLogRatio,
  refined,
  refinedGraph,
  stacked,
  suppressedBoxes,
  suppressedGraph,
} from './box-deltas.js';
import type { Box } from './boxes.js';
import { boxAt } from './detections.js';
import { floating, index, op, port } from './op.js';
import { counting, reshaped, sizesOf, times, type Size } from './sizes.js';

/** What one image gives: boxes and scores, best first. */
export interface Proposals {
  readonly boxes: readonly Box[];
  readonly scores: readonly number[];
}

/** Attributes of both proposal operations. */
export const proposalAttributes = { min_size: float(), nms_threshold: float(), post_nms_count: int(), pre_nms_count: int() };

/**
 * Proposals of one image: anchors [places · kinds] refined by deltas [kinds·4, places], clipped, the best `pre_nms_count` suppressed to
 * `post_nms_count`. Those smaller than `min_size` score 0 or, with `leaveOut`, are left out of the best.
 */
export function proposals(
  image: { readonly height: number; readonly width: number; readonly minWidth: number; readonly minHeight: number },
  anchors: ArrayLike<number>,
  deltas: ArrayLike<number>,
  scores: ArrayLike<number>,
  kinds: number,
  places: number,
  a: { readonly nms_threshold: number; readonly pre_nms_count: number; readonly post_nms_count: number; readonly nms_eta?: number },
  offset: number,
  leaveOut: boolean,
): Proposals {
  const boxes: Box[] = [];
  const rated: number[] = [];
  const large: boolean[] = [];
  for (let p = 0; p < places; p++) {
    for (let k = 0; k < kinds; k++) {
      const delta = [0, 1, 2, 3].map((i) => deltas[(k * 4 + i) * places + p] as number) as [number, number, number, number];
      const box = clippedTo(
        refined(boxAt(anchors, (p * kinds + k) * 4), delta, { offset, maxLog: maxLogRatio }),
        image.width,
        image.height,
        offset,
      );
      const fits = box.x2 - box.x1 + offset >= image.minWidth && box.y2 - box.y1 + offset >= image.minHeight;
      boxes.push(box);
      large.push(fits);
      rated.push(fits || leaveOut ? (scores[k * places + p] as number) : 0);
    }
  }
  const order = byFallingScore(rated, a.pre_nms_count).filter((i) => large[i] || !leaveOut);
  const kept = suppressedBoxes(boxes, order, a.nms_threshold, leaveOut ? offset : 0, a.post_nms_count, a.nms_eta);
  return { boxes: kept.map((i) => boxes[i] as Box), scores: kept.map((i) => rated[i] as number) };
}

/**
 * `proposals` of a batch as a graph: anchors [m, 4], deltas [batch, kinds·4, h, w], scores [batch, kinds, h, w], columns of the image
 * sizes [batch, 1]. Gives boxes [n, 4], scores [n] and the image of each [n].
 */
export function proposalsGraph(
  g: Builder,
  anchors: Value,
  deltas: Value,
  scores: Value,
  image: { readonly height: Value; readonly width: Value; readonly scaleY: Value; readonly scaleX: Value },
  a: { readonly min_size: number; readonly nms_threshold: number; readonly pre_nms_count: number; readonly post_nms_count: number },
  offset: number,
  leaveOut: boolean,
): readonly [boxes: Value, scores: Value, images: Value] | undefined {
  const sizes = sizesOf(g, scores);
  if (!sizes) return undefined;
  const [batch, kinds, height, width] = sizes as [Size, Size, Size, Size];
  const count = times(g, kinds, times(g, height, width));
  const rates = reshaped(g, g.transpose(scores, g.ints([0, 2, 3, 1])), [batch, count]);
  const moves = reshaped(g, g.transpose(reshaped(g, deltas, [batch, kinds, 4, height, width]), g.ints([0, 3, 4, 1, 2])), [batch, count, 4]);
  const corners = refinedGraph(
    g,
    cornersOf(g, g.unsqueeze(anchors, g.ints([0]))),
    cornersOf(g, moves),
    image.width,
    image.height,
    { offset, maxLog: maxLogRatio },
    offset,
  );
  const c = (value: number): Value => g.scalar(value, scores);
  const large = (low: Value, high: Value, scale: Value): Value =>
    g.greaterEqual(g.add(g.subtract(high, low), c(offset)), g.multiply(scale, c(a.min_size)));
  const valid = g.logicalAnd(large(corners[0], corners[2], image.scaleX), large(corners[1], corners[3], image.scaleY));
  const rated = leaveOut ? rates : g.select(valid, rates, c(0));
  const top =
    typeof count === 'number'
      ? g.constant('i64', [], [Math.min(count, a.pre_nms_count)])
      : g.minimum(g.squeeze(count, g.ints([0])), g.constant('i64', [], [a.pre_nms_count]));
  const [best, order] = g.topK(rated, top, { axis: 1, mode: 'max', sort: 'value', index_element_type: 'i64', stable: true }) as readonly [
    Value,
    Value,
  ];
  const kept = g.gather(stacked(g, corners), order, g.constant('i64', [], [1]), { batch_dims: 1 });
  // Without a score they are not chosen.
  const admitted = leaveOut
    ? g.select(g.gather(valid, order, g.constant('i64', [], [1]), { batch_dims: 1 }), best, c(Number.NEGATIVE_INFINITY))
    : best;
  const [places, images] = suppressedGraph(g, kept, admitted, {
    limit: a.post_nms_count,
    iou: a.nms_threshold,
    score: -3e38,
    offset: leaveOut ? offset : 0,
    sorted: false,
  });
  return [g.gatherND(kept, places), g.gatherND(best, places), images];
}

export const corners4 = (b: Box): number[] => [b.x1, b.y1, b.x2, b.y2];

/**
 * Region proposals of a batch of images: anchors [h, w, kinds, 4], deltas [batch, kinds·4, h, w], scores [batch, kinds, h, w], sizes of the
 * images [batch, height, width, scale (one, or one per axis)]. Boxes smaller than `min_size` are left out. Outputs: boxes of all images one after the other, their scores, and how
 * many each image has.
 * Spec: OpenVINO GenerateProposals-9.
 */
export const GenerateProposals = op('GenerateProposals', {
  attributes: { ...proposalAttributes, normalized: bool(true), nms_eta: float(1), roi_num_type: elementType('i64') },
  inputs: [port('im_info', floating, 2), port('anchors', floating, 4), port('boxesdeltas', floating, 4), port('scores', floating, 4)],
  outputs: [port('rpnrois', floating), port('rpnscores', floating), port('rpnroisnum', index)],
  since: { opset9: {} },

  infer({ im_info, anchors, boxesdeltas, scores }, { post_nms_count, roi_num_type }, ctx): readonly Fact[] {
    const sizes = ctx.match(
      ['im_info', im_info, 'batch sides'],
      ['anchors', anchors, 'h w a 4'],
      ['scores', scores, 'batch a h w'],
      ['boxesdeltas', boxesdeltas, 'batch d h w'],
    );
    if (sizes.a !== undefined && sizes.d !== undefined) ctx.requireEqual('the deltas of the anchors', sizes.d, mul(sizes.a, 4));
    if (typeof sizes.sides === 'number' && sizes.sides !== 3 && sizes.sides !== 4)
      ctx.fail(`im_info has ${sizes.sides} numbers for an image, not 3 or 4`);
    const type = sameType(ctx, im_info, anchors, boxesdeltas, scores);
    const rows = [im_info, boxesdeltas, scores].flatMap((f) => (f.shape?.[0] === undefined ? [] : [f.shape[0]]));
    const batch: Dim = rows.length === 0 ? ctx.fresh(0, undefined, 2) : rows.reduce((a, b) => ctx.requireEqual('the batch', a, b));
    const count = ctx.fresh(0, [0, Math.max(0, bounds(batch)[1] * post_nms_count)]);
    return [
      { type, shape: [count, 4] },
      { type, shape: [count] },
      { type: roi_num_type, shape: [batch] },
    ];
  },

  evaluate({ im_info, anchors, boxesdeltas, scores }, a) {
    const [batch, kinds, height, width] = scores.shape as [number, number, number, number];
    const places = height * width;
    const info = im_info.data as Float32Array;
    const each = im_info.shape[1] as number;
    const found = Array.from({ length: batch }, (_, b) => {
      const at = b * each;
      const image = {
        height: info[at] as number,
        width: info[at + 1] as number,
        minHeight: a.min_size * (info[at + 2] as number),
        minWidth: a.min_size * (info[at + (each > 3 ? 3 : 2)] as number),
      };
      const part = (x: ArrayLike<number>, size: number): Float32Array => (x as Float32Array).subarray(b * size, (b + 1) * size);
      return proposals(
        image,
        anchors.data as Float32Array,
        part(boxesdeltas.data as Float32Array, kinds * 4 * places),
        part(scores.data as Float32Array, kinds * places),
        kinds,
        places,
        a,
        a.normalized ? 0 : 1,
        true,
      );
    });
    const all = found.flatMap((f) => f.boxes);
    return [
      Literal.from(scores.type, [all.length, 4], all.flatMap(corners4)).nd(),
      Literal.from(
        scores.type,
        [all.length],
        found.flatMap((f) => f.scores),
      ).nd(),
      Literal.from(
        a.roi_num_type,
        [batch],
        found.map((f) => f.boxes.length),
      ).nd(),
    ];
  },

  decompose(g, { im_info, anchors, boxesdeltas, scores }, a) {
    const each = im_info.fact.shape?.[1];
    const batch = sizesOf(g, scores)?.[0];
    if (a.nms_eta !== 1 || typeof each !== 'number' || batch === undefined) return undefined;
    const column = (i: number): Value => g.slice(im_info, g.ints([i]), g.ints([i + 1]), g.ints([1]), g.ints([1]));
    const image = { height: column(0), width: column(1), scaleY: column(2), scaleX: column(each > 3 ? 3 : 2) };
    const found = proposalsGraph(g, g.reshape(anchors, g.ints([-1, 4])), boxesdeltas, scores, image, a, a.normalized ? 0 : 1, true);
    if (!found) return undefined;
    const [boxes, rates, images] = found;
    const own = g.cast(g.equal(g.unsqueeze(images, g.ints([1])), counting(g, batch)), a.roi_num_type);
    return [boxes, rates, g.reduceSum(own, g.ints([0]))];
  },
});
