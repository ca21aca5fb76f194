/** @file Operations that choose boxes; see native/kernels/detect. */
import type { Node } from '@cuvee/core';
import type { DraftArg } from '../compile/draft.js';
import type { Lowering, LoweringTable } from '../compile/lowering.js';
import { computeType } from '../ops/elementwise.js';

type Attributes = Readonly<Record<string, unknown>>;

/** Why elements cannot be loaded and stored by conversion. */
export const computed = (node: Node): string | undefined => {
  const wrong = [...node.inputs, ...node.outputs].find((v) => v && computeType(v.fact.type) === undefined);
  return wrong && `element type ${wrong.fact.type}`;
};

/** A whole number, or 1 for true. */
const int = (x: unknown): DraftArg => Number(x);
const float = (x: unknown): DraftArg => ({ float: Number(x) });
const list = (x: unknown): readonly number[] => (x ?? []) as readonly number[];

/** A step over all inputs and outputs. */
const choosing = (family: string, action: string, args: (a: Attributes) => readonly DraftArg[], opens = false): Lowering => ({
  refuse: computed,
  opens,
  lower: (c) => c.emit(family, action, c.inputs(), c.outputs(), args(c.node.attributes)),
});

const detections = (action: string, own: (a: Attributes) => readonly DraftArg[]): Lowering =>
  choosing(
    'detections',
    action,
    (a) => [
      // Within a batch MatrixNms knows the order by score alone.
      action === 'matrix' && a.sort_result_across_batch !== true ? 1 : ['none', 'score', 'classid'].indexOf(a.sort_result_type as string),
      int(a.sort_result_across_batch),
      int(a.nms_top_k),
      int(a.keep_top_k),
      int(a.background_class),
      int(a.normalized),
      float(a.score_threshold),
      ...own(a),
    ],
    true,
  );

const generated = (action: string, opens: boolean): Lowering =>
  choosing(
    'proposals',
    action,
    (a) => [
      float(a.min_size),
      float(a.nms_threshold),
      int(a.pre_nms_count),
      int(a.post_nms_count),
      float(a.nms_eta ?? 1),
      int(a.normalized ?? false),
    ],
    opens,
  );

const priorLists = ['min_size', 'max_size', 'aspect_ratio', 'density', 'fixed_ratio', 'fixed_size', 'variance'];

export const detection: LoweringTable = {
  NonMaxSuppression: choosing('nms', 'plain', (a) => [int(a.sort_result_descending), a.box_encoding === 'center' ? 1 : 0], true),
  NMSRotated: choosing('nms', 'rotated', (a) => [int(a.sort_result_descending), int(a.clockwise)], true),
  MulticlassNms: detections('multiclass', (a) => [float(a.iou_threshold), float(a.nms_eta)]),
  MatrixNms: detections('matrix', (a) => [a.decay_function === 'gaussian' ? 1 : 0, float(a.gaussian_sigma), float(a.post_threshold)]),
  GenerateProposals: generated('generate', true),
  ExperimentalDetectronGenerateProposalsSingleImage: generated('single', false),
  Proposal: choosing('proposals', 'anchors', (a) => [
    int(a.base_size),
    int(a.pre_nms_topn),
    int(a.post_nms_topn),
    int(a.feat_stride),
    int(a.min_size),
    int(a.clip_before_nms),
    int(a.clip_after_nms),
    int(a.normalize),
    a.framework === 'tensorflow' ? 1 : 0,
    list(a.ratio).length,
    list(a.scale).length,
    float(a.nms_thresh),
    float(a.box_size_scale),
    float(a.box_coordinate_scale),
    ...[...list(a.ratio), ...list(a.scale)].map(float),
  ]),
  ExperimentalDetectronDetectionOutput: choosing('proposals', 'detectron', (a) => [
    int(a.num_classes),
    int(a.post_nms_count),
    int(a.max_detections_per_image),
    int(a.class_agnostic_box_regression),
    float(a.score_threshold),
    float(a.nms_threshold),
    float(a.max_delta_log_wh),
    ...[0, 1, 2, 3].map((i) => float(list(a.deltas_weights)[i] ?? 1)),
  ]),
  DetectionOutput: choosing('ssd', '', (a) => [
    int(a.background_label_id),
    int(a.top_k),
    list(a.keep_top_k)[0] ?? -1,
    int(a.variance_encoded_in_target),
    (a.code_type as string).endsWith('CENTER_SIZE') ? 1 : 0,
    int(a.share_location),
    int(a.clip_after_nms),
    int(a.clip_before_nms),
    int(a.decrease_label_id),
    int(a.normalized),
    int(a.input_height),
    int(a.input_width),
    float(a.nms_threshold),
    float(a.confidence_threshold),
    float(a.objectness_score),
  ]),
  PriorBox: choosing(
    'prior_boxes',
    'plain',
    (a) => [
      int(a.clip),
      int(a.flip),
      int(a.scale_all_sizes),
      int(a.min_max_aspect_ratios_order),
      float(a.step),
      float(a.offset),
      ...priorLists.map((name) => list(a[name]).length),
      ...priorLists.flatMap((name) => list(a[name]).map(float)),
    ],
    true,
  ),
  PriorBoxClustered: choosing(
    'prior_boxes',
    'clustered',
    (a) => [
      int(a.clip),
      float(a.step),
      float(a.step_w),
      float(a.step_h),
      float(a.offset),
      list(a.width).length,
      list(a.variance).length,
      ...[...list(a.width), ...list(a.height), ...list(a.variance)].map(float),
    ],
    true,
  ),
};
