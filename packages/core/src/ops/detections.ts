/** @file What MulticlassNms and MatrixNms share: choosing, ordering and writing detections. */
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { bounds, type Dim } from '../shape/index.js';
import type { ElementType } from '../tensor/element.js';
import { Literal } from '../tensor/literal.js';
import type { NdArray } from '../tensor/nd.js';
import { bool, elementType, float, int, oneOf } from './attributes.js';
import type { Box } from './boxes.js';
import { counting, reshaped, shapeValue, sizesOf, sizeValue, times, type Size } from './sizes.js';

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
export interface Detection {
  readonly batch: number;
  readonly cls: number;
  readonly index: number;
  readonly score: number;
  readonly box: Box;
}

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
    Literal.from(
      outputType,
      [all.length, 1],
      all.map((d) => d.index),
    ).nd(),
    Literal.from(outputType, [batches.length], counts).nd(),
  ];
}

/** An axis that boxes and scores share, by their own axes `i` and `j`; undefined while neither rank is known. */
export const sameSizes =
  (ctx: Infer, boxes: Fact, scores: Fact) =>
  (what: string, i: number, j: number): Dim | undefined =>
    boxes.shape && scores.shape
      ? ctx.requireEqual(`the numbers of ${what} of boxes and scores`, boxes.shape[i] as Dim, scores.shape[j] as Dim)
      : (boxes.shape?.[i] ?? scores.shape?.[j]);

/** Facts of the outputs; `batches`, `classes` and `boxes` where they are known. */
export function inferDetections(
  ctx: Infer,
  type: ElementType,
  outputType: ElementType,
  a: { nms_top_k: number; keep_top_k: number; background_class: number },
  batches: Dim | undefined,
  classes: Dim | undefined,
  boxes: Dim | undefined,
): readonly Fact[] {
  const top = (d: Dim | undefined): number => (d === undefined ? Number.POSITIVE_INFINITY : Math.max(0, bounds(d)[1]));
  const each = a.nms_top_k >= 0 ? Math.min(a.nms_top_k, top(boxes)) : top(boxes);
  const perBatch = top(classes) * each;
  const most = top(batches) * (a.keep_top_k >= 0 ? Math.min(a.keep_top_k, perBatch) : perBatch);
  const count = ctx.fresh(0, [0, Number.isNaN(most) ? 0 : most]);
  return [
    { type, shape: [count, 6] },
    { type: outputType, shape: [count, 1] },
    { type: outputType, shape: [batches ?? ctx.fresh(0, undefined, 2)] },
  ];
}

/** The box at `at`, as it was given. */
export const boxAt = (x: ArrayLike<number>, at: number): Box => ({
  x1: x[at] as number,
  y1: x[at + 1] as number,
  x2: x[at + 2] as number,
  y2: x[at + 3] as number,
});

/** Places of the scores above (or at) a threshold, the best first, `top` at most (negative: all). */
export function ranked(scores: readonly number[], admitted: (score: number) => boolean, top: number): number[] {
  const places = scores.flatMap((s, i) => (admitted(s) ? [i] : [])).sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  return top >= 0 ? places.slice(0, top) : places;
}

/** Candidates of each batch in a graph: all of shape [batch, m], boxes with four numbers more. */
export interface Candidates {
  readonly scores: Value;
  readonly valid: Value;
  readonly boxes: Value;
  readonly classes: Value;
  readonly indices: Value;
}

/** The best places per class, as a graph: scores and places [batch, classes, k], boxes [batch, classes·k, 4], and k. */
export function rankedGraph(
  g: Builder,
  boxes: Value,
  scores: Value,
  top: number,
):
  | {
      readonly scores: Value;
      readonly places: Value;
      readonly boxes: Value;
      readonly batch: Size;
      readonly classes: Size;
      readonly k: Size;
    }
  | undefined {
  const sizes = sizesOf(g, scores);
  if (!sizes) return undefined;
  const [batch, classes, count] = sizes as [Size, Size, Size];
  const k: Size = top < 0 ? count : typeof count === 'number' ? Math.min(top, count) : g.minimum(count, g.ints([top]));
  const [best, places] = g.topK(scores, scalarSize(g, k), {
    axis: 2,
    mode: 'max',
    sort: 'value',
    index_element_type: 'i64',
    stable: true,
  }) as readonly [Value, Value];
  const own = g.gather(boxes, reshaped(g, places, [batch, times(g, classes, k)]), g.constant('i64', [], [1]), { batch_dims: 1 });
  return { scores: best, places, boxes: own, batch, classes, k };
}

/** Classes and flat box indices of ranked places, each [batch, classes·k]. */
export function namesGraph(
  g: Builder,
  r: { readonly places: Value; readonly batch: Size; readonly classes: Size; readonly k: Size },
  boxes: Size,
): { readonly classes: Value; readonly indices: Value } {
  const flat = (v: Value): Value => reshaped(g, v, [r.batch, times(g, r.classes, r.k)]);
  const classes = g.broadcast(g.unsqueeze(counting(g, r.classes), g.ints([1])), shapeValue(g, [r.batch, r.classes, r.k]), undefined);
  const first = g.multiply(g.unsqueeze(counting(g, r.batch), g.ints([1, 2])), sizeValue(g, boxes));
  return { classes: flat(classes), indices: flat(g.add(r.places, first)) };
}

const scalarSize = (g: Builder, s: Size): Value => (typeof s === 'number' ? g.constant('i64', [], [s]) : g.squeeze(s, g.ints([0])));

/** `packed` as a graph. */
export function packedGraph(g: Builder, all: Candidates, outputType: ElementType, o: Ordering): readonly Value[] | undefined {
  const count = sizesOf(g, all.scores)?.[1];
  if (count === undefined) return undefined;
  const keep: Size =
    o.keep_top_k < 0 ? count : typeof count === 'number' ? Math.min(o.keep_top_k, count) : g.minimum(count, g.ints([o.keep_top_k]));
  const sorted = (keys: Value, k: Value, mode: 'max' | 'min', axis: number): Value =>
    g.topK(keys, k, { axis, mode, sort: 'value', index_element_type: 'i64', stable: true })[1] as Value;
  const taken = (c: Candidates, order: Value, axis: number): Candidates => {
    const take = (v: Value): Value => g.gather(v, order, g.constant('i64', [], [axis]), { batch_dims: axis });
    return { scores: take(c.scores), valid: take(c.valid), boxes: take(c.boxes), classes: take(c.classes), indices: take(c.indices) };
  };
  let rows = taken(all, sorted(g.select(all.valid, all.scores, g.scalar(-3e38, all.scores)), scalarSize(g, keep), 'max', 1), 1);
  if (o.sort_result_type === 'classid' && !o.sort_result_across_batch) {
    rows = taken(rows, sorted(g.select(rows.valid, rows.classes, g.constant('i64', [], [2 ** 31])), scalarSize(g, keep), 'min', 1), 1);
  }
  const numbers = g.reduceSum(g.cast(rows.valid, outputType), g.ints([1]));
  const places = g.transpose(g.nonZero(rows.valid, { output_type: 'i64' }), g.ints([1, 0]));
  const at = (v: Value): Value => g.gatherND(v, places);
  let found: Candidates = {
    scores: at(rows.scores),
    valid: at(rows.valid),
    boxes: at(rows.boxes),
    classes: at(rows.classes),
    indices: at(rows.indices),
  };
  if (o.sort_result_across_batch && o.sort_result_type !== 'none') {
    const n = g.squeeze(g.shapeOf(found.scores), g.ints([0]));
    found = taken(found, o.sort_result_type === 'score' ? sorted(found.scores, n, 'max', 0) : sorted(found.classes, n, 'min', 0), 0);
  }
  const column = (v: Value): Value => g.unsqueeze(g.cast(v, all.boxes.fact.type), g.ints([1]));
  return [
    g.concat([column(found.classes), column(found.scores), found.boxes], { axis: 1 }),
    g.cast(g.unsqueeze(found.indices, g.ints([1])), outputType),
    numbers,
  ];
}

/** True for every class but the background, [classes, 1]. */
export const notBackground = (g: Builder, classes: Size, background: number): Value =>
  g.notEqual(g.unsqueeze(counting(g, classes), g.ints([1])), g.ints([background]));
