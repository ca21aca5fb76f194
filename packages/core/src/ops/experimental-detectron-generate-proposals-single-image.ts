import type { Fact } from '../ir/fact.js';
import { sameType } from './elementwise.js';
import { mul, product } from '../shape/index.js';
import { Literal } from '../tensor/literal.js';
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { corners4, proposalAttributes, proposals, proposalsGraph } from './generate-proposals.js';
import { floating, op, port } from './op.js';

/**
 * Region proposals of one image in pixels (`min_size` too, whatever the scale): im_info [height, width, scale], anchors [h·w·kinds, 4], deltas [kinds·4, h, w], scores
 * [kinds, h, w]. Outputs have `post_nms_count` rows, zeros behind the last proposal.
 * Spec: OpenVINO ExperimentalDetectronGenerateProposalsSingleImage-6.
 */
export const ExperimentalDetectronGenerateProposalsSingleImage = op('ExperimentalDetectronGenerateProposalsSingleImage', {
  attributes: proposalAttributes,
  inputs: [port('im_info', floating, 1), port('anchors', floating, 2), port('deltas', floating, 3), port('scores', floating, 3)],
  outputs: [port('rois', floating), port('roi_scores', floating)],
  since: { opset6: {} },

  infer({ im_info, anchors, deltas, scores }, { post_nms_count: n }, ctx): readonly Fact[] {
    const sizes = ctx.match(
      ['im_info', im_info, '3'],
      ['scores', scores, 'a h w'],
      ['deltas', deltas, 'd h w'],
      ['anchors', anchors, 'all 4'],
    );
    if (sizes.a !== undefined && sizes.d !== undefined) ctx.requireEqual('the deltas of the anchors', sizes.d, mul(sizes.a, 4));
    if (scores.shape && sizes.all !== undefined) ctx.requireEqual('the anchors of all places', sizes.all, product(scores.shape));
    const type = sameType(ctx, im_info, anchors, deltas, scores);
    return [
      { type, shape: [n, 4] },
      { type, shape: [n] },
    ];
  },

  evaluate({ im_info, anchors, deltas, scores }, a) {
    const [kinds, height, width] = scores.shape as [number, number, number];
    const info = im_info.data as Float32Array;
    const image = { height: info[0] as number, width: info[1] as number, minHeight: a.min_size, minWidth: a.min_size };
    const found = proposals(
      image,
      anchors.data as Float32Array,
      deltas.data as Float32Array,
      scores.data as Float32Array,
      kinds,
      height * width,
      a,
      1,
      false,
    );
    const n = a.post_nms_count;
    const filled = (values: readonly number[], count: number): number[] => Array.from({ length: count }, (_, i) => values[i] ?? 0);
    return [
      Literal.from(scores.type, [n, 4], filled(found.boxes.flatMap(corners4), 4 * n)).nd(),
      Literal.from(scores.type, [n], filled(found.scores, n)).nd(),
    ];
  },

  decompose(g, { im_info, anchors, deltas, scores }, a) {
    if ([im_info, anchors, deltas, scores].some((v) => !v.fact.shape)) return undefined;
    const part = (i: number): typeof im_info =>
      g.reshape(g.slice(im_info, g.ints([i]), g.ints([i + 1]), g.ints([1]), undefined), g.ints([1, 1]));
    const batched = (v: typeof im_info): typeof im_info => g.unsqueeze(v, g.ints([0]));
    const one = g.scalar(1, scores);
    const found = proposalsGraph(
      g,
      anchors,
      batched(deltas),
      batched(scores),
      { height: part(0), width: part(1), scaleY: one, scaleX: one },
      a,
      1,
      false,
    );
    return found && [filledTo(g, found[0], a.post_nms_count), filledTo(g, found[1], a.post_nms_count)];
  },
});

/** The first `count` rows, zeros behind the last there is. */
function filledTo(g: Builder, rows: Value, count: number): Value {
  const tail = (rows.fact.shape ?? [0]).slice(1) as number[];
  const none = g.broadcast(g.scalar(0, rows), g.ints([count, ...tail]), undefined);
  return g.slice(g.concat([rows, none], { axis: 0 }), g.ints([0]), g.ints([count]), g.ints([1]), undefined);
}
