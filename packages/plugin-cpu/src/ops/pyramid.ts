/** @file Feature pyramids: nearest upsampling by powers of two, and the convolution of a sum of such levels. */
import {
  floating,
  int,
  ints,
  numbersOf,
  op,
  optional,
  port,
  shape,
  type Dim,
  type Node,
  type Op,
  type Port,
  type Value,
} from '@cuvee/core';
import { names } from './names.js';
import { sameDim } from './shapes.js';

/** A value as a nearest upsampling, `1 << shift` times in both directions, of another value. */
export interface Upsampled {
  readonly value: Value;
  readonly shift: number;
}

/** As the upsampling, by the same power of two in both directions, of the smallest value that it is made of; shift 0 of any other value. */
export function upsampled(value: Value): Upsampled {
  const { node } = value;
  const how = node.attributes as {
    readonly mode?: string;
    readonly shape_calculation_mode?: string;
    readonly coordinate_transformation_mode?: string;
    readonly nearest_mode?: string;
    readonly pads_begin?: readonly number[];
    readonly pads_end?: readonly number[];
  };
  const source = node.inputs[0];
  const from = source?.fact.shape;
  const to = value.fact.shape;
  if (node.op.name !== names.interpolation || how.mode !== 'nearest' || !source || !from || !to || to.length !== 4)
    return { value, shift: 0 };
  if ([...(how.pads_begin ?? []), ...(how.pads_end ?? [])].some((p) => p !== 0)) return { value, shift: 0 };
  // x / scale rounded down, or its centre rounded, are both x >> shift.
  const floors = how.coordinate_transformation_mode === 'asymmetric' && how.nearest_mode === 'floor';
  const centres =
    how.coordinate_transformation_mode === 'half_pixel' &&
    (how.nearest_mode === 'round_prefer_floor' || how.nearest_mode === 'round_prefer_ceil');
  if (!floors && !centres) return { value, shift: 0 };
  for (const shift of [1, 2, 3, 4]) {
    if (!from.every((d, i) => sameDim(to[i] as Dim, i < 2 ? d : shape.mul(d, 1 << shift)))) continue;
    if (how.shape_calculation_mode === 'scales' && !scalesBy(node, 1 << shift)) break;
    const inner = upsampled(source);
    return { value: inner.value, shift: inner.shift + shift };
  }
  return { value, shift: 0 };
}

/** Whether an interpolation's scales are this for rows and columns, and one for other axes: sizes alone may come of 2.3 as well as of 2. */
function scalesBy({ inputs: [, scales, axes] }: Node, times: number): boolean {
  if (!scales?.fact.value || (axes && !axes.fact.value)) return false;
  const along = axes?.fact.value ? numbersOf(axes.fact.value.nd()).map((a) => (a < 0 ? a + 4 : a)) : [0, 1, 2, 3];
  return numbersOf(scales.fact.value.nd()).every((scale, i) => scale === ((along[i] as number) < 2 ? 1 : times));
}

/** Most parts of a convolution of a pyramid: as native code has them (conv.h). */
export const mostParts = 8;

const part = (_: unknown, i: number): Port[] => [
  optional(`data${i}`, floating),
  optional(`filters${i}`, floating),
  optional(`factors${i}`, floating),
];

/**
 * conv(Σ up(factors·conv(data, filters)), filters): 3x3, stride 1, one pixel of padding. For each part its data, pointwise filters or none
 * (then the data has the channels of the sum), factors [N or 1, C, 1, 1] or none; `shifts` says how often data is doubled, `plus` (0 or 1) what is
 * added to the factors. `outer` factors [N or 1, C', 1, 1], plus `plusOuter`, multiply the result.
 */
export const PyramidConvolution: Op = op('PyramidConvolution', {
  attributes: { shifts: ints(), plus: ints(), plusOuter: int(0) },
  inputs: [port('filters', floating), optional('outer', floating), ...Array.from({ length: mostParts }, part).flat()],
  outputs: [port('output', floating)],
  infer: ({ filters }) => ({ type: filters.type, shape: undefined }),
}) as Op;
