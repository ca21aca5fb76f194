import type { Fact } from '../ir/fact.js';
import { Literal } from '../tensor/literal.js';
import { corners4, proposalAttributes, proposals } from './generate-proposals.js';
import { floating, op, port } from './op.js';

/**
 * Region proposals of one image in pixels: im_info [height, width, scale], anchors [h·w·kinds, 4], deltas [kinds·4, h, w], scores
 * [kinds, h, w]. Outputs have `post_nms_count` rows, zeros behind the last proposal.
 * Spec: OpenVINO ExperimentalDetectronGenerateProposalsSingleImage-6.
 */
export const ExperimentalDetectronGenerateProposalsSingleImage = op('ExperimentalDetectronGenerateProposalsSingleImage', {
  attributes: proposalAttributes,
  inputs: [port('im_info', floating), port('anchors', floating), port('deltas', floating), port('scores', floating)],
  outputs: [port('rois', floating), port('roi_scores', floating)],
  since: { opset6: {} },

  infer: ({ scores }, { post_nms_count: n }): readonly Fact[] => [{ type: scores.type, shape: [n, 4] }, { type: scores.type, shape: [n] }],

  evaluate({ im_info, anchors, deltas, scores }, a) {
    const [kinds, height, width] = scores.shape as [number, number, number];
    const info = im_info.data as Float32Array;
    const least = a.min_size * (info[2] as number);
    const image = { height: info[0] as number, width: info[1] as number, minHeight: least, minWidth: least };
    const found = proposals(image, anchors.data as Float32Array, deltas.data as Float32Array, scores.data as Float32Array, kinds, height * width, a, 1);
    const n = a.post_nms_count;
    const filled = (values: readonly number[], count: number): number[] => Array.from({ length: count }, (_, i) => values[i] ?? 0);
    return [Literal.from(scores.type, [n, 4], filled(found.boxes.flatMap(corners4), 4 * n)).nd(), Literal.from(scores.type, [n], filled(found.scores, n)).nd()];
  },
});
