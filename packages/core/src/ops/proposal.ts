import { mul, type Dim } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { numbersOf, type NdArray } from '../tensor/nd.js';
import { bool, float, floats, int, text } from './attributes.js';
import { clipBox, suppress, type Corners } from './suppression.js';
import { sameType } from './elementwise.js';
import { current, floating, op, port } from './op.js';

const attributes = {
  base_size: int(undefined, { min: 1 }),
  pre_nms_topn: int(undefined, { min: 0 }),
  post_nms_topn: int(undefined, { min: 0 }),
  nms_thresh: float(),
  feat_stride: int(undefined, { min: 1 }),
  min_size: int(undefined, { min: 0 }),
  ratio: floats(),
  scale: floats(),
  clip_before_nms: bool(true),
  clip_after_nms: bool(false),
  normalize: bool(false),
  box_size_scale: float(1),
  box_coordinate_scale: float(1),
  framework: text(''),
};
interface Settings {
  readonly base_size: number;
  readonly pre_nms_topn: number;
  readonly post_nms_topn: number;
  readonly nms_thresh: number;
  readonly feat_stride: number;
  readonly min_size: number;
  readonly ratio: readonly number[];
  readonly scale: readonly number[];
  readonly clip_before_nms: boolean;
  readonly clip_after_nms: boolean;
  readonly normalize: boolean;
  readonly box_size_scale: number;
  readonly box_coordinate_scale: number;
  readonly framework: string;
}

/**
 * The region proposals of a Faster R-CNN: anchors of several ratios and scales at every place, moved by [N, 4·anchors, H, W] deltas, the
 * best by score after suppression of overlaps. Gives regions [N·post_nms_topn, 5] of (image, x1, y1, x2, y2) and their scores.
 *
 * Caffe counts pixels (corners inside, rounded ratios), TensorFlow lengths with anchors centred on the places, which it clips first and
 * lists column by column; x and y change places, those of the image's size, too. After the last region of an image the next row's image
 * is -1. Proposal-1 gives no scores.
 * Spec: OpenVINO Proposal-4.
 */
export const Proposal = op('Proposal', {
  attributes,
  inputs: [port('class_probs', floating, 4), port('bbox_deltas', floating, 4), port('image_shape', floating, 1)],
  outputs: [port('rois', floating), port('scores', floating)],
  since: { opset1: { rebuild: (g, inputs, given) => g.node('Proposal', inputs, given).slice(0, 1) }, opset4: current },

  infer({ class_probs, bbox_deltas, image_shape }, { post_nms_topn, ratio, scale }, ctx) {
    const type = sameType(ctx, class_probs, bbox_deltas, image_shape);
    const anchors = ratio.length * scale.length;
    const { numbers } = ctx.match(
      ['class_probs', class_probs, `batch ${2 * anchors} h w`],
      ['bbox_deltas', bbox_deltas, `batch ${4 * anchors} h w`],
      ['image_shape', image_shape, 'numbers'],
    );
    if (typeof numbers === 'number' && numbers !== 3 && numbers !== 4) ctx.fail(`image_shape has ${numbers} numbers, not 3 or 4`);
    const batch =
      class_probs.shape && bbox_deltas.shape
        ? ctx.requireEqual('batches', class_probs.shape[0] as Dim, bbox_deltas.shape[0] as Dim)
        : (class_probs.shape ?? bbox_deltas.shape)?.[0];
    const rows = batch === undefined ? ctx.fresh(0) : mul(batch, post_nms_topn);
    return [
      { type, shape: [rows, 5] },
      { type, shape: [rows] },
    ];
  },

  evaluate({ class_probs, bbox_deltas, image_shape }, settings) {
    const images = class_probs.shape[0] as number;
    const [first, second, scaleH, scaleW = scaleH] = numbersOf(image_shape) as [number, number, number, number?];
    const [height, width] = settings.framework === 'tensorflow' ? [second, first] : [first, second];
    const extra = settings.framework === 'tensorflow' ? 0 : 1;
    const rows = images * settings.post_nms_topn;
    const rois = emptyElements(class_probs.type, rows * 5) as Float32Array;
    const scores = emptyElements(class_probs.type, rows) as Float32Array;
    for (let image = 0; image < images; image++) {
      const least: [number, number] = [settings.min_size * scaleW, settings.min_size * scaleH];
      const all = candidates(image, class_probs, bbox_deltas, [width, height], least, settings, extra).sort((a, b) => b.score - a.score);
      const kept = suppress(all.slice(0, settings.pre_nms_topn), (c) => c.box, settings.nms_thresh, {
        extra,
        most: settings.post_nms_topn,
      });
      const first = image * settings.post_nms_topn;
      kept.forEach(({ box, score }, i) => {
        const placed = settings.clip_after_nms ? clipBox(box, width, height) : box;
        const sizes = settings.normalize ? [width, height, width, height] : [1, 1, 1, 1];
        rois.set([image, ...placed.map((v, k) => v / (sizes[k] as number))], (first + i) * 5);
        scores[first + i] = score;
      });
      if (kept.length < settings.post_nms_topn) rois[(first + kept.length) * 5] = -1;
    }
    return [
      { type: class_probs.type, shape: [rows, 5], data: rois },
      { type: class_probs.type, shape: [rows], data: scores },
    ];
  },
});

interface Candidate {
  readonly box: Corners;
  readonly score: number;
}

/** Every anchor at every place, moved by its deltas; one that is too small scores 0. */
function candidates(
  image: number,
  probs: NdArray,
  deltas: NdArray,
  [width, height]: readonly [number, number],
  least: readonly [number, number],
  s: Settings,
  extra: number,
): Candidate[] {
  const [, , rows, columns] = probs.shape as [number, number, number, number];
  const anchors = anchorsOf(s);
  const area = rows * columns;
  const tensorflow = s.framework === 'tensorflow';
  const out: Candidate[] = [];
  for (let place = 0; place < area; place++) {
    const [row, column] = [Math.floor(place / columns), place % columns];
    const [x, y] = (tensorflow ? [row, column] : [column, row]).map((v) => v * s.feat_stride) as [number, number];
    anchors.forEach((anchor, k) => {
      const delta = (i: number): number => deltas.data[((image * anchors.length + k) * 4 + i) * area + place] as number;
      const score = probs.data[((image * 2 + 1) * anchors.length + k) * area + place] as number;
      const shifted: Corners = [anchor[0] + x, anchor[1] + y, anchor[2] + x, anchor[3] + y];
      const base = tensorflow ? clipBox(shifted, width, height) : shifted;
      const [w, h] = [base[2] - base[0] + extra, base[3] - base[1] + extra];
      const [cx, cy] = [
        base[0] + w / 2 + (delta(0) / s.box_coordinate_scale) * w,
        base[1] + h / 2 + (delta(1) / s.box_coordinate_scale) * h,
      ];
      const [halfW, halfH] = [(Math.exp(delta(2) / s.box_size_scale) * w) / 2, (Math.exp(delta(3) / s.box_size_scale) * h) / 2];
      const moved: Corners = [cx - halfW, cy - halfH, cx + halfW, cy + halfH];
      const box = s.clip_before_nms ? clipBox(moved, width - extra, height - extra) : moved;
      const large = box[2] - box[0] + extra >= least[0] && box[3] - box[1] + extra >= least[1];
      out.push({ box, score: large ? score : 0 });
    });
  }
  return out;
}

/** The anchors of one place, ratio by ratio, scale by scale. */
function anchorsOf({ base_size, ratio, scale, framework }: Settings): Corners[] {
  const tensorflow = framework === 'tensorflow';
  const extra = tensorflow ? 0 : 1;
  const center = tensorflow ? 0 : 0.5 * (base_size - extra);
  return ratio.flatMap((r) => {
    const side = Math.sqrt((base_size * base_size) / r);
    const w = tensorflow ? side : Math.round(side);
    const h = tensorflow ? w * r : Math.round(w * r);
    return scale.map((k): Corners => {
      const [halfW, halfH] = [0.5 * (w * k - extra), 0.5 * (h * k - extra)];
      return [center - halfW, center - halfH, center + halfW, center + halfH];
    });
  });
}
