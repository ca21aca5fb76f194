/** What Resize and Upsample ask for, done by the Interpolate room where it knows how, and by matrices of weights where it does not. */
import type { Value } from '@cuvee/core';
import { axisOf, dimOf, numbersOf, picked, rankOf, sizesOf, upTo, type AnyNode } from './build.js';
import { resampled, type Resampling } from './resample.js';

/** Sizes of some axes: one entry for each in `by`, a scale or a new size. Regions are all begins, then all ends, in shares of the axis. */
export interface ResizeGoal {
  readonly axes: readonly number[];
  readonly by: Value;
  readonly kind: 'scales' | 'sizes';
  readonly regions: Value | undefined;
}

/** How Resize-10 and Upsample find places. */
export const asymmetric = {
  mode: 'nearest',
  coordinates: 'asymmetric',
  nearest: 'floor',
  antialias: false,
  excludeOutside: false,
  a: -0.75,
  extrapolation: 0,
} as const satisfies Resampling;

/** All axes by scales. */
export const scaledBy = (node: AnyNode, x: Value, by: Value): ResizeGoal => ({
  axes: upTo(rankOf(node, x)),
  by,
  kind: 'scales',
  regions: undefined,
});

/** What a Resize node asks for: inputs X, regions, scales, sizes; before opset 11 X and scales. */
export function goalOf(node: AnyNode & { readonly inputs: readonly [Value, ...(Value | undefined)[]] }): ResizeGoal {
  const { attr, version } = node;
  const [x, ...rest] = node.inputs;
  if (version < 11) return scaledBy(node, x, rest[0] as Value);
  const [regions, scales, sizes] = rest.map((list) => (list?.fact.shape?.length === 1 && list.fact.shape[0] === 0 ? undefined : list));
  const rank = rankOf(node, x);
  const axes = version >= 18 && attr.has('axes') ? attr.ints('axes').map((axis) => axisOf(node, axis, rank)) : upTo(rank);
  if (scales && sizes) throw node.invalid('there are both scales and sizes');
  if (scales) return { axes, by: scales, kind: 'scales', regions };
  if (!sizes) throw node.invalid('there are neither scales nor sizes');
  return { axes, by: wantedSizes(node, x, sizes, axes), kind: 'sizes', regions };
}

/** The sizes given; with a policy, those that keep the proportions: the smallest or largest of the scales decides for all axes. */
function wantedSizes(node: AnyNode, x: Value, sizes: Value, axes: readonly number[]): Value {
  const { g, attr } = node;
  const policy = attr.word('keep_aspect_ratio_policy', ['stretch', 'not_larger', 'not_smaller'], 'stretch');
  if (policy === 'stretch') return g.cast(sizes, 'i64');
  const now = g.cast(sizesOf(g, x, axes), 'f32');
  const scales = g.divide(g.cast(sizes, 'f32'), now);
  const first = g.ints([0]);
  const one = policy === 'not_larger' ? g.reduceMin(scales, first, { keep_dims: true }) : g.reduceMax(scales, first, { keep_dims: true });
  // halves are rounded up
  return g.cast(g.floor(g.add(g.multiply(now, one), g.constant('f32', [], [0.5]))), 'i64');
}

/** How a Resize node finds places. */
export function resamplingOf({ attr, version }: AnyNode): Resampling {
  const mode = attr.word('mode', ['nearest', 'linear', 'cubic'], 'nearest');
  if (version < 11) return { ...asymmetric, mode };
  const coordinates = [
    'half_pixel',
    'pytorch_half_pixel',
    'asymmetric',
    'align_corners',
    'tf_half_pixel_for_nn',
    'half_pixel_symmetric',
    'tf_crop_and_resize',
  ] as const;
  return {
    mode,
    coordinates: attr.word('coordinate_transformation_mode', coordinates, 'half_pixel'),
    nearest: attr.word('nearest_mode', ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'], 'round_prefer_floor'),
    antialias: attr.bool('antialias') && mode !== 'nearest',
    excludeOutside: attr.bool('exclude_outside') && mode === 'cubic',
    a: attr.float('cubic_coeff_a', -0.75),
    extrapolation: attr.float('extrapolation_value', 0),
  };
}

/** The resized tensor. Throws MODEL_INVALID when a list has not as many entries as there are axes for it. */
export function resized(node: AnyNode, x: Value, goal: ResizeGoal, how: Resampling): Value {
  sized(node, goal.by, goal.axes.length, goal.kind);
  return inRoom(x, goal, how) ? interpolated(node, x, goal, how) : byMatrices(node, x, goal, how);
}

function sized(node: AnyNode, list: Value, count: number, what: string): void {
  const { shape } = list.fact;
  const entries = dimOf(list, 0);
  if ((shape && shape.length !== 1) || (entries !== undefined && entries !== count))
    throw node.invalid(`the ${what} have shape [${shape?.map(String).join(',') ?? ''}], expected [${count}]`);
}

/** Whether the Interpolate room knows it. */
function inRoom(x: Value, goal: ResizeGoal, { coordinates, antialias, excludeOutside }: Resampling): boolean {
  if (coordinates === 'tf_crop_and_resize' || antialias || excludeOutside) return false;
  // these two differ from the room's only where scale times size is not whole
  return goal.kind === 'sizes' || !['half_pixel_symmetric', 'align_corners'].includes(coordinates) || wholeSizes(x, goal);
}

/** Whether all scales are known and give whole sizes. */
function wholeSizes(x: Value, { axes, by }: ResizeGoal): boolean {
  const known = numbersOf(by);
  const whole = (scale: number, axis: number): boolean =>
    Number.isInteger(scale) || Number.isInteger(scale * (dimOf(x, axis) ?? Number.NaN));
  return known !== undefined && axes.every((axis, i) => whole(known[i] as number, axis));
}

/** Whether entry `i` is known to leave its axis as it is. */
function isIdle(x: Value, { axes, by, kind }: ResizeGoal, i: number): boolean {
  const known = numbersOf(by);
  return known !== undefined && known[i] === (kind === 'sizes' ? dimOf(x, axes[i] as number) : 1);
}

function interpolated({ g }: AnyNode, x: Value, goal: ResizeGoal, how: Resampling): Value {
  const active = upTo(goal.axes.length).filter((i) => !isIdle(x, goal, i));
  const kept = active.length === 0 ? upTo(goal.axes.length) : active;
  const known = numbersOf(goal.by); // only known numbers leave axes out
  const all = kept.length === goal.axes.length;
  const by = all
    ? goal.by
    : g.constant(
        goal.by.fact.type,
        [kept.length],
        kept.map((i) => known?.[i] as number),
      );
  return g.interpolate(x, by, g.ints(kept.map((i) => goal.axes[i] as number)), {
    mode: how.mode === 'linear' ? 'linear_onnx' : how.mode,
    shape_calculation_mode: goal.kind,
    coordinate_transformation_mode: roomCoordinates(how.coordinates),
    nearest_mode: how.nearest,
    antialias: false,
    cube_coeff: how.a,
    pads_begin: [0],
    pads_end: [0],
  });
}

const roomCoordinates = (coordinates: Resampling['coordinates']) =>
  coordinates === 'half_pixel_symmetric' || coordinates === 'tf_crop_and_resize' ? 'half_pixel' : coordinates;

function byMatrices(node: AnyNode, x: Value, goal: ResizeGoal, how: Resampling): Value {
  const { g } = node;
  const { axes, by, kind } = goal;
  const regions = how.coordinates === 'tf_crop_and_resize' ? goal.regions : undefined;
  if (regions) sized(node, regions, 2 * axes.length, 'regions');
  const edge = (i: number): Value => g.cast(picked(g, regions as Value, i, 0), 'f32');
  const list = upTo(axes.length)
    .filter((i) => regions || !isIdle(x, goal, i))
    .map((i) => ({
      axis: axes[i] as number,
      size: kind === 'sizes' ? picked(g, by, i, 0) : undefined,
      scale: kind === 'scales' ? picked(g, by, i, 0) : undefined,
      region: regions && ([edge(i), edge(i + axes.length)] as const),
    }));
  return g.cast(resampled(g, g.cast(x, 'f32'), rankOf(node, x), list, how), x.fact.type);
}
