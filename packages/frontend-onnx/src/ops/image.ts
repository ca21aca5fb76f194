/** Resampling and boxes. */
import type { Builder, ElementType, Value } from '@cuvee/core';
import {
  counting,
  dimOf,
  i64,
  listOf,
  numbersOf,
  picked,
  rankOf,
  reshapedTo,
  scalarOf,
  sizesOf,
  sliced,
  timesRows,
  upTo,
} from '../build.js';
import { along } from '../heads.js';
import type { OnnxOp } from '../node.js';
import { largestNeighbours } from '../roi.js';
import { asymmetric, goalOf, resamplingOf, resized, scaledBy } from '../resize.js';

/** Resize-10 is asymmetric; 11 adds sizes, regions and coordinate modes; 18 axes, antialiasing and proportions. */
export const Resize: OnnxOp = (node) => resized(node, node.inputs[0], goalOf(node), resamplingOf(node));

/** Upsample-1 scales height and width, 7 has a list, 9 an input. */
export const Upsample: OnnxOp = (node) => {
  const { g, attr, version } = node;
  const [x, scales] = node.inputs;
  const word = attr.word('mode', ['nearest', 'linear', 'bilinear'], 'nearest');
  const list = (): readonly number[] =>
    version < 7 ? [1, 1, attr.float('height_scale'), attr.float('width_scale')] : attr.floats('scales');
  const by = version < 9 ? g.constant('f32', [list().length], list()) : (scales as Value);
  return resized(node, x, scaledBy(node, x, by), { ...asymmetric, mode: word === 'nearest' ? word : 'linear' });
};

/** GridSample-20 renamed the modes. */
export const GridSample: OnnxOp<2> = (node) => {
  const { g, attr } = node;
  const [x, grid] = node.inputs;
  const rank = rankOf(node, x);
  if (rank !== 4 && rank !== 5) throw node.unsupported(`an input of rank ${rank}`);
  const word = attr.word('mode', ['linear', 'bilinear', 'cubic', 'bicubic', 'nearest'], node.version < 20 ? 'bilinear' : 'linear');
  const mode = word === 'nearest' ? 'nearest' : word.endsWith('linear') ? 'bilinear' : 'bicubic';
  return g.gridSample(x, grid, {
    align_corners: attr.bool('align_corners'),
    mode,
    padding_mode: attr.word('padding_mode', ['zeros', 'border', 'reflection'], 'zeros'),
  });
};

/** RoiAlign-16 shifts by half a pixel unless told otherwise; 10 never did. */
export const RoiAlign: OnnxOp<3> = ({ g, inputs: [x, rois, batch], attr, version }) => {
  const half =
    version >= 16 && attr.word('coordinate_transformation_mode', ['half_pixel', 'output_half_pixel'], 'half_pixel') === 'half_pixel';
  const [pooled_h, pooled_w] = [attr.int('output_height', 1), attr.int('output_width', 1)];
  const [samples, scale] = [attr.int('sampling_ratio', 0), attr.float('spatial_scale', 1)];
  const mode = attr.word('mode', ['avg', 'max'], 'avg');
  if (mode === 'max' && samples > 0) return largestNeighbours(g, x, rois, batch, { cells: [pooled_h, pooled_w], samples, scale, half });
  const aligned_mode = half ? 'half_pixel_for_nn' : 'asymmetric';
  return g.roiAlign(x, rois, batch, { pooled_h, pooled_w, sampling_ratio: samples, spatial_scale: scale, mode, aligned_mode });
};

/** Rows [batch, class, box] of the boxes kept, as many as there are. */
export const NonMaxSuppression: OnnxOp<2> = ({ g, inputs: [boxes, scores, limit, iou, threshold], attr }) => {
  const none = (value: Value | undefined, fallback: Value): Value => (value ? scalarOf(g, value) : fallback);
  const [selected] = g.nonMaxSuppression(
    boxes,
    scores,
    none(limit, i64(g, 0)),
    none(iou, g.constant('f32', [], [0])),
    none(threshold, g.constant('f32', [], [Number.NEGATIVE_INFINITY])),
    undefined,
    { box_encoding: attr.int('center_point_box', 0) === 1 ? 'center' : 'corner', sort_result_descending: false, output_type: 'i64' },
  );
  return selected as Value;
};

/** Where the n places of an axis lie in [-1, 1]: from end to end (`align`), or in the middle of n equal cells. */
function spread(g: Builder, n: Value, type: ElementType, align: boolean): Value {
  const number = (x: number): Value => g.constant(type, [], [x]);
  const twice = g.multiply(g.cast(counting(g, n), type), number(2));
  const count = g.cast(n, type);
  if (!align) return g.subtract(g.divide(g.add(twice, number(1)), count), number(1));
  return g.subtract(g.divide(twice, g.maximum(g.subtract(count, number(1)), number(1))), number(1));
}

/** [places, axes + 1]: the places of a grid of `sizes` in [-1, 1], last axis first, and 1. */
function homogeneous(g: Builder, sizes: Value, axes: number, type: ElementType, align: boolean): Value {
  const lines = upTo(axes).map((i) => along(g, spread(g, picked(g, sizes, i, 0), type, align), i, axes));
  const planes = [...lines.reverse(), g.constant(type, [], [1])].map((line) => g.broadcast(line, sizes, undefined, { mode: 'numpy' }));
  const joined = g.concat(
    planes.map((plane) => g.unsqueeze(plane, g.ints([axes]))),
    { axis: axes },
  );
  return g.reshape(joined, g.ints([-1, axes + 1]), { special_zero: false });
}

/** Sampling places in [-1, 1] of an affine map: one matrix a batch entry, for [N, C, H, W] or [N, C, D, H, W]. */
export const AffineGrid: OnnxOp<2> = (node) => {
  const { g, attr } = node;
  const [theta, size] = node.inputs;
  const axes = (dimOf(size, 0) ?? numbersOf(size)?.length ?? 0) - 2;
  if (axes !== 2 && axes !== 3) throw node.unsupported(`sizes with ${axes} spatial axes`);
  const sizes = sliced(g, g.cast(listOf(g, size), 'i64'), 0, 2, axes + 2);
  const points = homogeneous(g, sizes, axes, theta.fact.type, attr.bool('align_corners'));
  return reshapedTo(g, timesRows(g, points, theta), [sizesOf(g, theta, [0]), sizes, axes]);
};
