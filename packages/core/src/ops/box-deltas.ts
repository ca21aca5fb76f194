/** @file Boxes refined by regressed deltas, and plain suppression: what the proposal rooms share. */
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
export function refined(b: Box, [dx, dy, dw, dh]: readonly [number, number, number, number], { offset, maxLog, weights = [1, 1, 1, 1] }: Refinement): Box {
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
export function suppressedBoxes(boxes: readonly Box[], order: readonly number[], threshold: number, offset: number, limit: number, eta = 1): number[] {
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
  scores.map((_, i) => i).sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b).slice(0, top);
