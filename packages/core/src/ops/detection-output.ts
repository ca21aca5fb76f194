import { floorDiv, isEqual, mod, mul, type Dim } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import type { NdArray } from '../tensor/nd.js';
import { bool, float, int, ints, oneOf } from './attributes.js';
import { clipBox, suppress, type Corners } from './suppression.js';
import { sameType } from './elementwise.js';
import { current, floating, op, optional, port } from './op.js';

const attributes = {
  background_label_id: int(0),
  top_k: int(-1),
  variance_encoded_in_target: bool(false),
  keep_top_k: ints(),
  code_type: oneOf(['caffe.PriorBoxParameter.CORNER', 'caffe.PriorBoxParameter.CENTER_SIZE'], 'caffe.PriorBoxParameter.CORNER'),
  share_location: bool(true),
  nms_threshold: float(),
  confidence_threshold: float(0),
  clip_after_nms: bool(false),
  clip_before_nms: bool(false),
  decrease_label_id: bool(false),
  normalized: bool(false),
  input_height: int(1, { min: 1 }),
  input_width: int(1, { min: 1 }),
  objectness_score: float(0),
};
interface Settings {
  readonly background_label_id: number;
  readonly top_k: number;
  readonly variance_encoded_in_target: boolean;
  readonly keep_top_k: readonly number[];
  readonly code_type: string;
  readonly share_location: boolean;
  readonly nms_threshold: number;
  readonly confidence_threshold: number;
  readonly clip_after_nms: boolean;
  readonly clip_before_nms: boolean;
  readonly decrease_label_id: boolean;
  readonly normalized: boolean;
  readonly input_height: number;
  readonly input_width: number;
  readonly objectness_score: number;
}

/**
 * The end of an SSD: decodes boxes [N, priors·classes·4] against priors [1 or N, 1 or 2, priors·4] (5 where not `normalized`), suppresses
 * overlaps class by class and lists the best: [1, 1, detections, 7] of (image, label, score, x1, y1, x2, y2).
 *
 * After the last detection comes a row whose image is -1, then zeros. `decrease_label_id` takes the best class of each prior and counts
 * labels without the background. Two more inputs refine: objectness [N, priors·2] and box corrections that apply first.
 * DetectionOutput-1 is told the number of classes. Spec: OpenVINO DetectionOutput-8.
 */
export const DetectionOutput = op('DetectionOutput', {
  attributes,
  inputs: [
    port('boxes', floating, 2),
    port('scores', floating, 2),
    port('priors', floating, 3),
    optional('objectness', floating, 2),
    optional('corrections', floating, 2),
  ],
  outputs: [port('output', floating)],
  since: { opset1: { attributes: { ...attributes, num_classes: int() }, upgrade: ({ num_classes: _, ...rest }) => rest }, opset8: current },

  infer({ boxes, scores, priors }, { keep_top_k, top_k, normalized, share_location, variance_encoded_in_target }, ctx) {
    const type = sameType(ctx, boxes, scores, priors);
    const all = ctx.axes('scores', scores, 2)?.[1];
    const [own, other] = [ctx.axes('boxes', boxes, 2)?.[0], scores.shape?.[0]];
    const batch = own === undefined || other === undefined ? (own ?? other) : ctx.requireEqual('the batch of boxes and scores', own, other);
    const length = ctx.axes('priors', priors, 3)?.[2];
    const count = length === undefined ? undefined : floorDiv(length, normalized ? 4 : 5);
    const keep = keep_top_k[0] ?? -1;
    const each = normalized ? 4 : 5;
    if (length !== undefined) ctx.require(`priors must be whole lists of ${each} numbers`, isEqual(mod(length, each), 0));
    if (count !== undefined && all !== undefined && count !== 0)
      ctx.require('scores must be whole lists of classes for each prior', isEqual(mod(all, count), 0));
    if (count !== undefined && boxes.shape)
      ctx.requireEqual('boxes', boxes.shape[1] as Dim, mul(share_location || all === undefined ? count : all, 4));
    if (priors.shape) ctx.requireEqual('rows of priors', priors.shape[1] as Dim, variance_encoded_in_target ? 1 : 2);
    if (batch === undefined) return { type, shape: [1, 1, ctx.fresh(2), 7] };
    if (keep > 0) return { type, shape: [1, 1, mul(batch, keep), 7] };
    if (count === undefined || count === 0 || all === undefined) return { type, shape: [1, 1, ctx.fresh(2), 7] };
    return { type, shape: [1, 1, mul(batch, top_k > 0 ? mul(floorDiv(all, count), top_k) : all), 7] };
  },

  evaluate({ boxes, scores, priors, objectness, corrections }, settings) {
    const images = boxes.shape[0] as number;
    const count = (priors.shape[2] as number) / (settings.normalized ? 4 : 5);
    const classes = (scores.shape[1] as number) / count;
    const keep = settings.keep_top_k[0] ?? -1;
    const rows = images * (keep > 0 ? keep : settings.top_k > 0 ? settings.top_k * classes : count * classes);
    const out = emptyElements(boxes.type, rows * 7) as Float32Array;
    let to = 0;
    for (let image = 0; image < images; image++) {
      const decoded = decodeAll(image, { boxes, priors, corrections }, count, classes, settings);
      const score = (label: number, prior: number): number => {
        if (objectness && (objectness.data[(image * count + prior) * 2 + 1] as number) < settings.objectness_score)
          return label === settings.background_label_id ? 1 : 0;
        return scores.data[(image * count + prior) * classes + label] as number;
      };
      for (const { label, prior, value } of detections(decoded, score, count, classes, settings)) {
        if (to >= rows * 7) break;
        const box = decoded(label, prior);
        out.set([image, settings.decrease_label_id ? label - 1 : label, value, ...(settings.clip_after_nms ? clipBox(box) : box)], to);
        to += 7;
      }
    }
    if (to < out.length) out[to] = -1;
    return { type: boxes.type, shape: [1, 1, rows, 7], data: out };
  },
});

interface Detection {
  readonly label: number;
  readonly prior: number;
  readonly value: number;
}
type Decoded = (label: number, prior: number) => Corners;
const best = (a: Detection, b: Detection): number => b.value - a.value;

/** What is found in one image, by label, within a label by score. */
function detections(
  box: Decoded,
  score: (label: number, prior: number) => number,
  count: number,
  classes: number,
  s: Settings,
): Detection[] {
  const labels = Array.from({ length: classes }, (_, label) => label).filter((label) => label !== s.background_label_id);
  const each = Array.from({ length: count }, (_, prior) => prior);
  const top = (list: Detection[]): Detection[] => {
    const sorted = list.filter(({ value }) => value > s.confidence_threshold).sort(best);
    return s.top_k > -1 ? sorted.slice(0, s.top_k) : sorted;
  };
  const kept = (list: readonly Detection[]): Detection[] => suppress(list, ({ label, prior }) => box(label, prior), s.nms_threshold);
  let found: Detection[];
  if (s.decrease_label_id) {
    // The best class of each prior; overlaps count within a class only.
    const winners = top(
      each.flatMap((prior) =>
        labels
          .map((label) => ({ label, prior, value: score(label, prior) }))
          .sort(best)
          .slice(0, 1),
      ),
    );
    found = labels.flatMap((label) => kept(winners.filter((d) => d.label === label)));
  } else found = labels.flatMap((label) => kept(top(each.map((prior) => ({ label, prior, value: score(label, prior) })))));
  const keep = s.keep_top_k[0] ?? -1;
  if (keep > -1 && found.length > keep) found = [...found].sort(best).slice(0, keep);
  return [...found].sort((a, b) => a.label - b.label);
}

/** Decoded boxes of one image, computed when asked for. */
function decodeAll(
  image: number,
  { boxes, priors, corrections }: { boxes: NdArray; priors: NdArray; corrections: NdArray | undefined },
  count: number,
  classes: number,
  s: Settings,
): Decoded {
  const width = s.normalized ? 4 : 5;
  const start = priors.shape[0] === 1 ? 0 : image * (priors.shape[1] as number) * count * width;
  const four = (array: NdArray, at: number): Corners => [0, 1, 2, 3].map((i) => array.data[at + i] as number) as unknown as Corners;
  const done = new Map<number, Corners>();
  return (label, prior) => {
    const location = s.share_location ? 0 : label;
    const key = location * count + prior;
    const known = done.get(key);
    if (known) return known;
    let anchor = four(priors, start + prior * width + width - 4);
    if (!s.normalized)
      anchor = [anchor[0] / s.input_width, anchor[1] / s.input_height, anchor[2] / s.input_width, anchor[3] / s.input_height];
    const variance: Corners = s.variance_encoded_in_target ? [1, 1, 1, 1] : four(priors, start + count * width + prior * 4);
    const at = (image * count + prior) * (s.share_location ? 1 : classes) * 4 + location * 4;
    if (corrections) anchor = decode(anchor, variance, four(corrections, at), s.code_type);
    const plain = decode(anchor, variance, four(boxes, at), s.code_type);
    const box = s.clip_before_nms ? clipBox(plain) : plain;
    done.set(key, box);
    return box;
  };
}

/** A prior moved by offsets times variances: of its corners, or of its centre and the logarithms of its sizes. */
function decode(prior: Corners, variance: Corners, offsets: Corners, code: string): Corners {
  const d = offsets.map((x, i) => x * (variance[i] as number)) as unknown as Corners;
  if (code.endsWith('CORNER')) return prior.map((x, i) => x + (d[i] as number)) as unknown as Corners;
  const [w, h] = [prior[2] - prior[0], prior[3] - prior[1]];
  const [x, y] = [(prior[0] + prior[2]) / 2 + d[0] * w, (prior[1] + prior[3]) / 2 + d[1] * h];
  const [halfW, halfH] = [(Math.exp(d[2]) * w) / 2, (Math.exp(d[3]) * h) / 2];
  return [x - halfW, y - halfH, x + halfW, y + halfH];
}
