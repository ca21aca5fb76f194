/** Resampling and boxes. */
import type { Value } from '@cuvee/core';
import { axisOf, dimOf, listOf, numbersOf, rankOf, scalarOf, sizeAt, unsqueezed, upTo, type AnyNode } from '../build.js';
import type { OnnxOp } from '../node.js';
import { resampled } from '../resample.js';

const coordinates = {
  half_pixel: 'half_pixel',
  pytorch_half_pixel: 'pytorch_half_pixel',
  asymmetric: 'asymmetric',
  align_corners: 'align_corners',
  tf_half_pixel_for_nn: 'tf_half_pixel_for_nn',
} as const;
const nearest = { round_prefer_floor: 'round_prefer_floor', round_prefer_ceil: 'round_prefer_ceil', floor: 'floor', ceil: 'ceil' } as const;

/** Throws MODEL_INVALID when a list has not as many entries as there are axes for it. */
function sized(node: AnyNode, list: Value, count: number, what: string): void {
  const { shape } = list.fact,
    entries = dimOf(list, 0);
  if ((shape && shape.length !== 1) || (entries !== undefined && entries !== count))
    throw node.invalid(`the ${what} have shape [${shape?.map(String).join(',') ?? ''}], expected [${count}]`);
}

/** The axes that are resized, and sizes or scales for them: axes whose scale is known to be 1 are left out. */
function resizedAxes(node: AnyNode, x: Value, by: Value, axes: readonly number[], sizes: boolean): { axes: readonly number[]; by: Value } {
  sized(node, by, axes.length, sizes ? 'sizes' : 'scales');
  const known = numbersOf(by);
  const kept = axes
    .map((axis, i) => ({ axis, i }))
    .filter(({ axis, i }) => known === undefined || known[i] !== (sizes ? dimOf(x, axis) : 1));
  if (kept.length === 0 || kept.length === axes.length) return { axes, by };
  const rest = known as readonly number[]; // only known numbers leave axes out
  return {
    axes: kept.map(({ axis }) => axis),
    by: node.g.constant(
      by.fact.type,
      [kept.length],
      kept.map(({ i }) => rest[i] as number),
    ),
  };
}

/** Sizes that keep the proportions: the smallest or largest of the scales decides for all axes. */
function proportional(node: AnyNode, x: Value, sizes: Value, axes: readonly number[], policy: 'not_larger' | 'not_smaller'): Value {
  const { g } = node;
  const now = g.cast(g.gather(g.shapeOf(x, { output_type: 'i64' }), g.ints(axes), g.constant('i64', [], [0])), 'f32');
  const scales = g.divide(g.cast(sizes, 'f32'), now);
  const one =
    policy === 'not_larger' ? g.reduceMin(scales, g.ints([0]), { keep_dims: true }) : g.reduceMax(scales, g.ints([0]), { keep_dims: true });
  // halves are rounded up
  return g.cast(g.floor(g.add(g.multiply(now, one), g.constant('f32', [], [0.5]))), 'i64');
}

interface Interpolation {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly coordinate: (typeof coordinates)[keyof typeof coordinates];
  readonly nearestMode: (typeof nearest)[keyof typeof nearest];
  readonly cubic: number;
}

function interpolated(node: AnyNode, x: Value, by: Value, axes: readonly number[], sizes: boolean, how: Interpolation): Value {
  const { g } = node;
  const resized = resizedAxes(node, x, by, axes, sizes);
  return g.interpolate(x, resized.by, g.ints(resized.axes), {
    mode: how.mode === 'linear' ? 'linear_onnx' : how.mode,
    shape_calculation_mode: sizes ? 'sizes' : 'scales',
    coordinate_transformation_mode: how.coordinate,
    nearest_mode: how.nearestMode,
    antialias: false,
    cube_coeff: how.cubic,
    pads_begin: [0],
    pads_end: [0],
  });
}

/** Whether all scales are known and give whole sizes. */
function wholeSizes(x: Value, scales: Value, axes: readonly number[]): boolean {
  const known = numbersOf(scales);
  return (
    known !== undefined &&
    axes.every((axis, i) => Number.isInteger(known[i]) || Number.isInteger((known[i] as number) * (dimOf(x, axis) ?? Number.NaN)))
  );
}

/** Resize-10 is asymmetric; 11 adds sizes, regions and coordinate modes; 18 axes, antialiasing and proportions. */
export const Resize: OnnxOp = (node) => {
  const { g, inputs, attr, version } = node;
  const x = inputs[0];
  const rank = rankOf(node, x);
  const mode = attr.word('mode', ['nearest', 'linear', 'cubic'], 'nearest');
  if (version < 11) {
    const [, scales] = inputs;
    const how: Interpolation = { mode, coordinate: 'asymmetric', nearestMode: 'floor', cubic: -0.75 };
    return interpolated(node, x, scales as Value, upTo(rank), false, how);
  }
  const present = (v: Value | undefined): Value | undefined => (v && v.fact.shape?.length === 1 && v.fact.shape[0] === 0 ? undefined : v);
  const scales = present(inputs[2]),
    sizes = present(inputs[3]);
  if (!scales === !sizes) throw node.invalid(scales ? 'there are both scales and sizes' : 'there are neither scales nor sizes');
  const axes = version >= 18 && attr.has('axes') ? attr.ints('axes').map((axis) => axisOf(node, axis, rank)) : upTo(rank);
  const words = [
    'half_pixel',
    'pytorch_half_pixel',
    'asymmetric',
    'align_corners',
    'tf_half_pixel_for_nn',
    'half_pixel_symmetric',
    'tf_crop_and_resize',
  ] as const;
  const coordinate = attr.word('coordinate_transformation_mode', words, 'half_pixel');
  const nearestMode = attr.word('nearest_mode', ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'], 'round_prefer_floor');
  const antialias = attr.bool('antialias') && mode !== 'nearest',
    excludeOutside = attr.bool('exclude_outside') && mode === 'cubic';
  const policy = attr.word('keep_aspect_ratio_policy', ['stretch', 'not_larger', 'not_smaller'], 'stretch');
  const wanted = sizes && g.cast(policy === 'stretch' ? sizes : proportional(node, x, sizes, axes, policy), 'i64');
  // half_pixel_symmetric and align_corners differ from the room's only where scale times size is not whole
  const unrounded = scales && (coordinate === 'half_pixel_symmetric' || coordinate === 'align_corners') && !wholeSizes(x, scales, axes);
  if (coordinate === 'tf_crop_and_resize' || antialias || excludeOutside || unrounded) {
    const resampling = {
      mode,
      coordinates: coordinate,
      nearest: nearestMode,
      antialias,
      excludeOutside,
      a: attr.float('cubic_coeff_a', -0.75),
      extrapolation: attr.float('extrapolation_value', 0),
    };
    const pick = (list: Value, i: number): Value => g.gather(list, g.constant('i64', [], [i]), g.constant('i64', [], [0]));
    const roi = coordinate === 'tf_crop_and_resize' ? present(inputs[1]) : undefined;
    sized(node, (scales ?? wanted) as Value, axes.length, scales ? 'scales' : 'sizes');
    if (roi) sized(node, roi, 2 * axes.length, 'regions');
    const list = axes
      .map((axis, i) => ({
        axis,
        size: wanted && pick(wanted, i),
        scale: scales && pick(scales, i),
        region: roi && ([g.cast(pick(roi, i), 'f32'), g.cast(pick(roi, i + axes.length), 'f32')] as const),
      }))
      .filter(({ axis }, i) => roi || (numbersOf(scales ?? wanted)?.[i] ?? -1) !== (scales ? 1 : dimOf(x, axis)));
    return g.cast(resampled(g, g.cast(x, 'f32'), rank, list, resampling), x.fact.type);
  }
  const how: Interpolation = {
    mode,
    coordinate: coordinate === 'half_pixel_symmetric' ? 'half_pixel' : coordinates[coordinate],
    nearestMode,
    cubic: attr.float('cubic_coeff_a', -0.75),
  };
  if (scales) return interpolated(node, x, scales, axes, false, how);
  return interpolated(node, x, wanted as Value, axes, true, how);
};

/** Upsample-1 scales height and width, 7 has a list, 9 an input. */
export const Upsample: OnnxOp = (node) => {
  const {
    g,
    inputs: [x, scales],
    attr,
    version,
  } = node;
  const rank = rankOf(node, x);
  const text = attr.text('mode', 'nearest');
  const mode = text === 'nearest' ? 'nearest' : text === 'linear' || text === 'bilinear' ? 'linear' : undefined;
  if (!mode) throw node.invalid(`attribute "mode" is ${JSON.stringify(text.slice(0, 60))}`);
  const list =
    version < 7 ? [1, 1, attr.float('height_scale'), attr.float('width_scale')] : version < 9 ? attr.floats('scales') : undefined;
  const by = list ? g.constant('f32', [list.length], list) : (scales as Value);
  return interpolated(node, x, by, upTo(rank), false, { mode, coordinate: 'asymmetric', nearestMode: 'floor', cubic: -0.75 });
};

/** GridSample-20 renamed the modes. */
export const GridSample: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [x, grid],
    attr,
  } = node;
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
  return g.roiAlign(x, rois, batch, {
    pooled_h: attr.int('output_height', 1),
    pooled_w: attr.int('output_width', 1),
    sampling_ratio: attr.int('sampling_ratio', 0),
    spatial_scale: attr.float('spatial_scale', 1),
    mode: attr.word('mode', ['avg', 'max'], 'avg'),
    aligned_mode: half ? 'half_pixel_for_nn' : 'asymmetric',
  });
};

/** Rows [batch, class, box] of the boxes kept, as many as there are. */
export const NonMaxSuppression: OnnxOp<2> = ({ g, inputs: [boxes, scores, limit, iou, threshold], attr }) => {
  const none = (value: Value | undefined, fallback: Value): Value => (value ? scalarOf(g, value) : fallback);
  const [selected] = g.nonMaxSuppression(
    boxes,
    scores,
    none(limit, g.constant('i64', [], [0])),
    none(iou, g.constant('f32', [], [0])),
    none(threshold, g.constant('f32', [], [Number.NEGATIVE_INFINITY])),
    undefined,
    { box_encoding: attr.int('center_point_box', 0) === 1 ? 'center' : 'corner', sort_result_descending: false, output_type: 'i64' },
  );
  return selected as Value;
};

/** Sampling places in [-1, 1] of an affine map: one matrix a batch entry, for [N, C, H, W] or [N, C, D, H, W]. */
export const AffineGrid: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [theta, size],
    attr,
  } = node;
  const spatial = (dimOf(size, 0) ?? numbersOf(size)?.length ?? 0) - 2;
  if (spatial !== 2 && spatial !== 3) throw node.unsupported(`sizes with ${spatial} spatial axes`);
  const type = theta.fact.type,
    align = attr.bool('align_corners');
  const number = (n: number): Value => g.constant(type, [], [n]);
  const zero = g.constant('i64', [], [0]);
  const sizes = upTo(spatial).map((i) => g.gather(g.cast(listOf(g, size), 'i64'), g.constant('i64', [], [i + 2]), zero));
  const shape = g.slice(g.cast(listOf(g, size), 'i64'), g.ints([2]), g.ints([spatial + 2]), g.ints([1]), g.ints([0]));
  // the last axis comes first in the coordinates: x, y, z
  const lines = sizes
    .map((n, i) => {
      const steps = g.range(zero, n, g.constant('i64', [], [1]), { output_type: 'i64' });
      const at = g.cast(steps, type),
        count = g.cast(n, type);
      const line = align
        ? g.subtract(g.divide(g.multiply(at, number(2)), g.maximum(g.subtract(count, number(1)), number(1))), number(1))
        : g.subtract(g.divide(g.add(g.multiply(at, number(2)), number(1)), count), number(1));
      const placed = unsqueezed(
        g,
        line,
        upTo(spatial).filter((axis) => axis !== i),
      );
      return g.unsqueeze(g.broadcast(placed, shape, undefined, { mode: 'numpy' }), g.ints([spatial]));
    })
    .reverse();
  const last = lines[0] as Value;
  const ones = g.add(g.multiply(last, number(0)), number(1));
  const points = g.reshape(g.concat([...lines, ones], { axis: spatial }), g.ints([-1, spatial + 1]), { special_zero: false });
  const mapped = g.matMul(points, theta, { transpose_a: false, transpose_b: true });
  const batch = g.unsqueeze(sizeAt(g, theta, 0), g.ints([0]));
  return g.reshape(mapped, g.concat([batch, shape, g.ints([spatial])], { axis: 0 }), { special_zero: false });
};
