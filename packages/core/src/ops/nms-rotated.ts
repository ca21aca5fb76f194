import { bounds, type Dim } from '../shape/index.js';
import { numberOf } from '../tensor/nd.js';
import { bool, elementType } from './attributes.js';
import { selectedBoxes, type Chosen } from './boxes.js';
import { floating, index, op, port } from './op.js';
import { knownScalar } from './top-k.js';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Corners of a rectangle of centre, size and angle, in order around it. */
function rotated(x: ArrayLike<number>, at: number, clockwise: boolean): Point[] {
  const [cx, cy, w, h, angle] = [0, 1, 2, 3, 4].map((i) => x[at + i] as number) as [number, number, number, number, number];
  const theta = clockwise ? angle : -angle;
  const [c, s] = [Math.cos(theta) / 2, Math.sin(theta) / 2];
  return [
    [1, 1],
    [1, -1],
    [-1, -1],
    [-1, 1],
  ].map(([a, b]) => ({ x: cx + (a as number) * w * c - (b as number) * h * s, y: cy + (a as number) * w * s + (b as number) * h * c }));
}

/** Twice the signed area of a polygon. */
const signedArea = (p: readonly Point[]): number =>
  p.reduce((sum, a, i) => {
    const b = p[(i + 1) % p.length] as Point;
    return sum + a.x * b.y - b.x * a.y;
  }, 0);

/** The part of a polygon on the inner side of each edge of a convex one (Sutherland and Hodgman 1974). */
function clipped(subject: readonly Point[], clip: readonly Point[]): readonly Point[] {
  const turn = Math.sign(signedArea(clip));
  return clip.reduce<readonly Point[]>((polygon, a, i) => {
    const b = clip[(i + 1) % clip.length] as Point;
    const side = (p: Point): number => turn * ((b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x));
    return polygon.flatMap((p, k) => {
      const q = polygon[(k + 1) % polygon.length] as Point;
      const [u, v] = [side(p), side(q)];
      const out: Point[] = u >= 0 ? [p] : [];
      if (u * v < 0) out.push({ x: p.x + ((q.x - p.x) * u) / (u - v), y: p.y + ((q.y - p.y) * u) / (u - v) });
      return out;
    });
  }, subject);
}

/** Intersection over union of two convex polygons. */
function polygonOverlap(a: readonly Point[], b: readonly Point[]): number {
  const [sa, sb] = [Math.abs(signedArea(a)), Math.abs(signedArea(b))];
  if (sa === 0 || sb === 0) return 0;
  const shared = Math.abs(signedArea(clipped(a, b)));
  return shared / (sa + sb - shared);
}

/**
 * NonMaxSuppression of rotated boxes [batch, boxes, 5]: centre x and y, width, height, angle in radians. Outputs and order as there.
 * Spec: OpenVINO NMSRotated-13.
 */
export const NMSRotated = op('NMSRotated', {
  attributes: { sort_result_descending: bool(true), output_type: elementType('i64'), clockwise: bool(true) },
  inputs: [
    port('boxes', floating, 3),
    port('scores', floating, 3),
    port('max_output_boxes_per_class', index, 'one'),
    port('iou_threshold', floating, 'one'),
    port('score_threshold', floating, 'one'),
  ],
  outputs: [port('selected_indices', index), port('selected_scores', floating), port('valid_outputs', index)],
  since: { opset13: {} },

  infer({ boxes, scores, max_output_boxes_per_class }, { output_type }, ctx) {
    const [, , numbers] = ctx.axes('boxes', boxes, 3) ?? [];
    if (numbers !== undefined) ctx.requireEqual('numbers of a box', numbers, 5);
    ctx.axes('scores', scores, 3);
    if (boxes.shape && scores.shape) {
      ctx.requireEqual('the batches of boxes and scores', boxes.shape[0] as Dim, scores.shape[0] as Dim);
      ctx.requireEqual('the numbers of boxes and scores', boxes.shape[1] as Dim, scores.shape[2] as Dim);
    }
    const top = (d: Dim | undefined): number => (d === undefined ? Number.POSITIVE_INFINITY : Math.max(0, bounds(d)[1]));
    const most =
      top(scores.shape?.[0]) * top(scores.shape?.[1]) * Math.min(top(knownScalar(max_output_boxes_per_class)), top(boxes.shape?.[1]));
    const count = ctx.fresh(0, [0, Number.isNaN(most) ? 0 : most]);
    return [
      { type: output_type, shape: [count, 3] },
      { type: 'f32', shape: [count, 3] },
      { type: output_type, shape: [1] },
    ];
  },

  evaluate(
    { boxes, scores, max_output_boxes_per_class, iou_threshold, score_threshold },
    { sort_result_descending, output_type, clockwise },
  ) {
    const [batches, count] = boxes.shape as [number, number];
    const classes = scores.shape[1] as number;
    const limit = numberOf(max_output_boxes_per_class);
    const chosen: Chosen[] = [];
    for (let batch = 0; batch < batches; batch++) {
      const own = Array.from({ length: count }, (_, i) => rotated(boxes.data as Float32Array, (batch * count + i) * 5, clockwise));
      for (let cls = 0; cls < classes; cls++) {
        const given = Array.from({ length: count }, (_, i) => ({
          box: i,
          score: Number(scores.data[(batch * classes + cls) * count + i]),
        }));
        const kept: typeof given = [];
        for (const c of given.filter((g) => g.score > numberOf(score_threshold)).sort((a, b) => b.score - a.score || a.box - b.box)) {
          if (kept.length >= limit) break;
          if (kept.every((k) => polygonOverlap(own[c.box] as Point[], own[k.box] as Point[]) <= numberOf(iou_threshold))) kept.push(c);
        }
        for (const k of kept) chosen.push({ batch, cls, ...k });
      }
    }
    return selectedBoxes(chosen, sort_result_descending, output_type);
  },
});
