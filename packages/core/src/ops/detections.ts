/** @file What MulticlassNms and MatrixNms share: choosing, ordering and writing detections. */
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import { bounds, type Dim } from '../shape/index.js';
import type { ElementType } from '../tensor/element.js';
import { Literal } from '../tensor/literal.js';
import type { NdArray } from '../tensor/nd.js';
import { bool, elementType, float, int, oneOf } from './attributes.js';
import type { Box } from './boxes.js';

/** Attributes of both operations. */
export const detectionAttributes = {
  sort_result_type: oneOf(['none', 'score', 'classid'], 'none'),
  sort_result_across_batch: bool(false),
  output_type: elementType('i64'),
  score_threshold: float(0),
  nms_top_k: int(-1),
  keep_top_k: int(-1),
  background_class: int(-1),
  normalized: bool(true),
};

/** One detection. `index` is that of its box among all boxes of all batches. */
export interface Detection { readonly batch: number; readonly cls: number; readonly index: number; readonly score: number; readonly box: Box }

/** What orders and cuts detections. */
export interface Ordering {
  readonly sort_result_type: 'none' | 'score' | 'classid';
  readonly sort_result_across_batch: boolean;
  readonly keep_top_k: number;
}

const byScore = (a: Detection, b: Detection): number => b.score - a.score || a.batch - b.batch || a.cls - b.cls || a.index - b.index;
const byClass = (a: Detection, b: Detection): number => a.cls - b.cls || a.batch - b.batch || b.score - a.score || a.index - b.index;

/** Detections of each batch, the best `keep_top_k` of them, in the order asked for. */
export function ordered(batches: readonly (readonly Detection[])[], o: Ordering): readonly Detection[] {
  const kept = batches.map((list) => {
    const best = [...list].sort(byScore);
    return o.keep_top_k >= 0 ? best.slice(0, o.keep_top_k) : best;
  });
  const order = o.sort_result_type === 'classid' ? byClass : byScore;
  if (o.sort_result_across_batch && o.sort_result_type !== 'none') return kept.flat().sort(order);
  return kept.flatMap((list) => (o.sort_result_type === 'classid' ? [...list].sort(byClass) : list));
}

/** The three outputs: rows of class, score and corners; indices; numbers per batch. */
export function packed(type: ElementType, outputType: ElementType, batches: readonly (readonly Detection[])[], o: Ordering): NdArray[] {
  const all = ordered(batches, o);
  const rows = all.flatMap(({ cls, score, box }) => [cls, score, box.x1, box.y1, box.x2, box.y2]);
  const counts = batches.map((_, b) => all.filter((d) => d.batch === b).length);
  return [
    Literal.from(type, [all.length, 6], rows).nd(),
    Literal.from(outputType, [all.length, 1], all.map((d) => d.index)).nd(),
    Literal.from(outputType, [batches.length], counts).nd(),
  ];
}

/** Facts of the outputs; `batches`, `classes` and `boxes` where they are known. */
export function inferDetections(ctx: Infer, type: ElementType, outputType: ElementType, a: { nms_top_k: number; keep_top_k: number; background_class: number }, batches: Dim | undefined, classes: Dim | undefined, boxes: Dim | undefined): readonly Fact[] {
  const top = (d: Dim | undefined): number => (d === undefined ? Number.POSITIVE_INFINITY : Math.max(0, bounds(d)[1]));
  const each = a.nms_top_k >= 0 ? Math.min(a.nms_top_k, top(boxes)) : top(boxes);
  const perBatch = top(classes) * each;
  const most = top(batches) * (a.keep_top_k >= 0 ? Math.min(a.keep_top_k, perBatch) : perBatch);
  const count = ctx.fresh(0, [0, Number.isNaN(most) ? 0 : most]);
  return [{ type, shape: [count, 6] }, { type: outputType, shape: [count, 1] }, { type: outputType, shape: [batches ?? ctx.fresh(0, undefined, 2)] }];
}

/** The box at `at`, as it was given. */
export const boxAt = (x: ArrayLike<number>, at: number): Box => ({ x1: x[at] as number, y1: x[at + 1] as number, x2: x[at + 2] as number, y2: x[at + 3] as number });

/** Places of the scores above (or at) a threshold, the best first, `top` at most (negative: all). */
export function ranked(scores: readonly number[], admitted: (score: number) => boolean, top: number): number[] {
  const places = scores.flatMap((s, i) => (admitted(s) ? [i] : [])).sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  return top >= 0 ? places.slice(0, top) : places;
}
