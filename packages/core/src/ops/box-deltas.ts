/** @file Boxes refined by regressed deltas, and plain suppression: what the proposal rooms share. */
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { overlap, type Box } from './boxes.js';

/** Largest logarithm of a size ratio: ln(1000/16), as in Detectron. */
export const maxLogRatio = Math.log(1000 / 16);

/** How a box is refined. */
export interface Refinement {
  /** 1 where the coordinates are pixels that both count, else 0. */
  readonly offset: number;
  readonly maxLog: number;
  /** Divisors of dx, dy, dw, dh. */
  readonly weights?: readonly number[];
}

/** The box moved by (dx·w, dy·h) and scaled by (e^dw, e^dh). */
export function refined(
  b: Box,
  [dx, dy, dw, dh]: readonly [number, number, number, number],
  { offset, maxLog, weights = [1, 1, 1, 1] }: Refinement,
): Box {
  const w = b.x2 - b.x1 + offset;
  const h = b.y2 - b.y1 + offset;
  const cx = b.x1 + w / 2 + (dx / (weights[0] as number)) * w;
  const cy = b.y1 + h / 2 + (dy / (weights[1] as number)) * h;
  const nw = Math.exp(Math.min(dw / (weights[2] as number), maxLog)) * w;
  const nh = Math.exp(Math.min(dh / (weights[3] as number), maxLog)) * h;
  return { x1: cx - nw / 2, y1: cy - nh / 2, x2: cx + nw / 2 - offset, y2: cy + nh / 2 - offset };
}

/** The box within an image of the given size. */
export function clippedTo(b: Box, width: number, height: number, offset: number): Box {
  const x = (v: number): number => Math.max(0, Math.min(v, width - offset));
  const y = (v: number): number => Math.max(0, Math.min(v, height - offset));
  return { x1: x(b.x1), y1: y(b.y1), x2: x(b.x2), y2: y(b.y2) };
}

/** Places of the boxes that stay, at most `limit`: the given order, best first; one that overlaps an earlier one by more than the threshold goes. */
export function suppressedBoxes(
  boxes: readonly Box[],
  order: readonly number[],
  threshold: number,
  offset: number,
  limit: number,
  eta = 1,
): number[] {
  const kept: number[] = [];
  let bound = threshold;
  for (const p of order) {
    if (kept.length >= limit) break;
    if (kept.some((k) => overlap(boxes[p] as Box, boxes[k] as Box, offset) > bound)) continue;
    kept.push(p);
    if (eta < 1 && bound > 0.5) bound *= eta;
  }
  return kept;
}

/** Places by falling score, equal ones in their order, `top` at most. */
export const byFallingScore = (scores: readonly number[], top: number): number[] =>
  scores
    .map((_, i) => i)
    .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
    .slice(0, top);

/** Corners of boxes in a graph, each of one shape. */
export type BoxValues = readonly [x1: Value, y1: Value, x2: Value, y2: Value];

/** The four numbers along the last axis. */
export const cornersOf = (g: Builder, boxes: Value): BoxValues =>
  g.split(boxes, g.constant('i64', [], [-1]), { num_splits: 4 }).map((v) => g.squeeze(v, g.ints([-1]))) as unknown as BoxValues;

/** `refined` and `clippedTo` as a graph; width and height broadcast against the boxes. `edge` is the offset of the clipping. */
export function refinedGraph(
  g: Builder,
  [x1, y1, x2, y2]: BoxValues,
  deltas: BoxValues,
  width: Value,
  height: Value,
  { offset, maxLog, weights = [1, 1, 1, 1] }: Refinement,
  edge: number,
): BoxValues {
  const c = (value: number): Value => g.scalar(value, x1);
  const [dx, dy, dw, dh] = deltas.map((d, i) =>
    (weights[i] ?? 1) === 1 ? d : g.divide(d, c(weights[i] as number)),
  ) as unknown as BoxValues;
  const along = (low: Value, high: Value, move: Value, grow: Value, limit: Value): readonly [Value, Value] => {
    const size = offset === 0 ? g.subtract(high, low) : g.add(g.subtract(high, low), c(offset));
    const middle = g.add(g.add(low, g.multiply(size, c(0.5))), g.multiply(move, size));
    const half = g.multiply(g.multiply(g.exp(g.minimum(grow, c(maxLog))), size), c(0.5));
    const clip = (v: Value): Value => g.maximum(g.minimum(v, edge === 0 ? limit : g.subtract(limit, c(edge))), c(0));
    const end = g.add(middle, half);
    return [clip(g.subtract(middle, half)), clip(offset === 0 ? end : g.subtract(end, c(offset)))];
  };
  const [left, right] = along(x1, x2, dx, dw, width);
  const [top, bottom] = along(y1, y2, dy, dh, height);
  return [left, top, right, bottom];
}

/** Corners along a new last axis. */
export const stacked = (g: Builder, corners: readonly Value[]): Value =>
  g.concat(
    corners.map((v) => g.unsqueeze(v, g.ints([-1]))),
    { axis: -1 },
  );

/** Suppression of boxes [rows, n, 4] with scores [rows, n] as rows and places [m, 2], and their rows alone [m]; best first over all with `sorted`. */
export function suppressedGraph(
  g: Builder,
  boxes: Value,
  scores: Value,
  a: { readonly limit: number; readonly iou: number; readonly score: number; readonly offset: number; readonly sorted: boolean },
): readonly [places: Value, rows: Value] {
  // Pixels that both count make a box one longer at its far end.
  const far = a.offset === 0 ? boxes : g.add(boxes, g.cast(g.constant('f32', [4], [0, 0, a.offset, a.offset]), boxes.fact.type));
  const c = (value: number): Value => g.cast(g.constant('f32', [], [value]), boxes.fact.type);
  const [chosen] = g.nonMaxSuppression(
    far,
    g.unsqueeze(scores, g.ints([1])),
    g.constant('i64', [], [a.limit]),
    c(a.iou),
    c(a.score),
    undefined,
    { box_encoding: 'corner', sort_result_descending: a.sorted, output_type: 'i64' },
  ) as readonly Value[];
  const rows = g.gather(chosen as Value, g.constant('i64', [], [0]), g.constant('i64', [], [1]));
  return [g.gather(chosen as Value, g.ints([0, 2]), g.constant('i64', [], [1])), rows];
}
