/** @file Steps that move elements: resize, crop, pad, layout. */
import { CuveeError } from '../errors.js';
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { isFloat } from '../tensor/element.js';
import { Layout, permutation, permuted } from './layout.js';
import { rankOf, single, type State, type Step, type Target } from './state.js';

/** How pixels between pixels are made. The PILLOW ones are Pillow's: the kernel widens when the picture shrinks. */
export const resizeAlgorithm = {
  RESIZE_NEAREST: 'RESIZE_NEAREST',
  RESIZE_LINEAR: 'RESIZE_LINEAR',
  RESIZE_CUBIC: 'RESIZE_CUBIC',
  RESIZE_BILINEAR_PILLOW: 'RESIZE_BILINEAR_PILLOW',
  RESIZE_BICUBIC_PILLOW: 'RESIZE_BICUBIC_PILLOW',
} as const;
export type ResizeAlgorithm = keyof typeof resizeAlgorithm;

const modes = {
  RESIZE_NEAREST: 'nearest',
  RESIZE_LINEAR: 'linear',
  RESIZE_CUBIC: 'cubic',
  RESIZE_BILINEAR_PILLOW: 'bilinear_pillow',
  RESIZE_BICUBIC_PILLOW: 'bicubic_pillow',
} as const;

/** The free coefficient of Pillow's cubic kernel. */
const pillowCubic = -0.5;

/** What new places at the border hold: one value, the border, or the picture mirrored without (REFLECT) or with (SYMMETRIC) it. */
export const paddingMode = { CONSTANT: 'CONSTANT', EDGE: 'EDGE', REFLECT: 'REFLECT', SYMMETRIC: 'SYMMETRIC' } as const;
export type PaddingMode = keyof typeof paddingMode;

/** Height and width to sizes in pixels; without sizes, to the model's. */
export function resize(algorithm: ResizeAlgorithm, size?: readonly [height: number, width: number]): Step {
  const apply = (g: Builder, state: State, target: Target): State => {
    const picture = single(state, 'resize');
    const { layout } = state;
    if (!layout.has('H') || !layout.has('W'))
      throw new CuveeError(
        'ARGUMENT_INVALID',
        `can't add resize for layout ${layout} without W/H specified: setLayout says where they are, like NCHW`,
      );
    const rank = rankOf(picture, 'resize');
    const axes = ['H', 'W'].map((name) => layout.axis(name, rank, 'resize'));
    const sizes = size ?? (['H', 'W'].map((name) => modelSize(target, name)) as [number, number]);
    const resized = g.interpolate(picture, g.ints(sizes), g.ints(axes), {
      mode: modes[algorithm],
      shape_calculation_mode: 'sizes',
      pads_begin: [0, 0],
      pads_end: [0, 0],
      cube_coeff: algorithm === 'RESIZE_BICUBIC_PILLOW' ? pillowCubic : -0.75,
    });
    return { ...state, planes: [resized] };
  };
  return { name: size ? `resize to (${size.join(', ')})` : 'resize to model width/height', apply };
}

function modelSize({ layout, shape }: Target, name: 'H' | 'W' | string): number {
  const dims = shape?.dimensions;
  if (!dims) throw new CuveeError('ARGUMENT_INVALID', 'resize is not fully specified while target model shape is dynamic');
  const [lo, hi] = dims[layout.axis(name, dims.length, 'resize to the model')] as readonly [number, number];
  if (lo === hi) return lo;
  const word = name === 'H' ? 'height' : 'width';
  throw new CuveeError('ARGUMENT_INVALID', `resize without sizes: the model's ${word} must be static, its shape is ${shape}`);
}

/** The part from `begin` up to and without `end`; negative ones count from the end. One of each for each axis. */
export function crop(begin: readonly number[], end: readonly number[]): Step {
  const name = `crop (${begin.join(',')}) to (${end.join(',')})`;
  if (begin.length !== end.length)
    throw new CuveeError('ARGUMENT_INVALID', `${name}: begin and end must have the same size, got ${begin.length} and ${end.length}`);
  const apply = (g: Builder, state: State): State => {
    const picture = single(state, 'crop');
    const ones = begin.map(() => 1);
    return { ...state, planes: [g.slice(picture, g.ints(begin), g.ints(end), g.ints(ones), undefined)] };
  };
  return { name, apply };
}

/** New places before and after each axis; `values` fills CONSTANT ones, one for all or one a channel. */
export function pad(begin: readonly number[], end: readonly number[], values: readonly number[], mode: PaddingMode): Step {
  const apply = (g: Builder, state: State): State => {
    const picture = single(state, 'pad');
    const { type } = picture.fact;
    if (!isFloat(type))
      throw new CuveeError(
        'ARGUMENT_INVALID',
        `pad can be applied to 'float' inputs, this one is ${type}: consider convertElementType before`,
      );
    const one = (value: Value, fill: number): Value =>
      g.pad(value, g.ints(begin), g.ints(end), g.scalar(fill, type), { pad_mode: mode.toLowerCase() as 'constant' });
    if (values.length === 1) return { ...state, planes: [one(picture, values[0] as number)] };
    const axis = state.layout.axis('C', rankOf(picture, 'pad'), 'pad with a value for each channel');
    if (picture.fact.shape?.[axis] !== values.length || begin[axis] !== 0 || end[axis] !== 0)
      throw new CuveeError(
        'ARGUMENT_INVALID',
        `pad: ${values.length} values for ${picture.partialShape} ${state.layout}: one for each channel is needed, and no padding of channels`,
      );
    const channels = g.split(picture, g.scalar(axis, 'i64'), { num_splits: values.length });
    return {
      ...state,
      planes: [
        g.concat(
          channels.map((c, i) => one(c, values[i] as number)),
          { axis },
        ),
      ],
    };
  };
  return { name: `pad (${begin.join(',')}) and (${end.join(',')}), ${mode}`, apply };
}

/** Axes in another order: to a layout (the target's when empty); where it widens, axes that the tensor lacks are added with size 1. */
export function toLayout(layout: Layout, widens = true): Step {
  const apply = (g: Builder, state: State, target: Target): State => {
    const to = layout.isEmpty ? target.layout : layout;
    const value = single(state, 'convert layout of');
    const [wider, from] = widens ? unsqueezed(g, value, state.layout, to) : [value, state.layout];
    const order = permutation(from, to, wider.fact.shape?.length);
    if (order) return { ...state, planes: [g.transpose(wider, g.ints(order))], layout: to };
    return { ...state, planes: [wider], layout: to.isEmpty ? state.layout : to };
  };
  return { name: `convert layout ${layout.isEmpty ? 'to the target' : layout}`, apply, layout };
}

function unsqueezed(g: Builder, value: Value, from: Layout, to: Layout): readonly [Value, Layout] {
  if (from.rank === undefined || to.rank === undefined || from.rank >= to.rank) return [value, from];
  const fresh = to.left.filter((name) => name === undefined || !from.has(name));
  if (fresh.length !== to.rank - from.rank)
    throw new CuveeError('ARGUMENT_INVALID', `layout conversion ${from} <-> ${to} is not supported: both must name all axes`);
  const axes = fresh.map((_, i) => i);
  return [g.unsqueeze(value, g.ints(axes)), Layout.of([...fresh, ...from.left])];
}

/** Axes in another order: result axis i is axis order[i]. */
export function toOrder(order: readonly number[]): Step {
  const apply = (g: Builder, state: State): State => {
    const value = single(state, 'convert layout of');
    return { ...state, planes: [g.transpose(value, g.ints(order))], layout: permuted(state.layout, order) };
  };
  return { name: `convert layout (${order.join(',')})`, apply, order };
}
