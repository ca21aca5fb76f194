import { staticShape, type Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import { add, scaled, type Dim, type Shape } from '../shape/index.js';
import { moved, normalizeAxis, numbersOf, stridedOffsets, stridesOf, type NdArray } from '../tensor/nd.js';
import { isFloat } from '../tensor/element.js';
import { bool, float, ints, oneOf } from './attributes.js';
import { index, numeric, op, optional, port } from './op.js';
import { resample, tapsOf } from './resample.js';

const attributes = {
  mode: oneOf(['nearest', 'linear', 'linear_onnx', 'cubic', 'bilinear_pillow', 'bicubic_pillow']),
  shape_calculation_mode: oneOf(['sizes', 'scales']),
  coordinate_transformation_mode: oneOf(
    ['half_pixel', 'pytorch_half_pixel', 'asymmetric', 'tf_half_pixel_for_nn', 'align_corners'],
    'half_pixel',
  ),
  nearest_mode: oneOf(['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil', 'simple'], 'round_prefer_floor'),
  antialias: bool(false),
  pads_begin: ints([]),
  pads_end: ints([]),
  cube_coeff: float(-0.75),
};

/**
 * Resizes some axes of the zero-padded data, to sizes or by scales, one per axis; without `axes` all axes in order.
 *
 * Integers are rounded half to even and saturate; the pillow modes do so after each axis, the last one first.
 * By scales a length is floor(f32(n · scale)), and coordinates use the scale as given; by sizes they use output / input in f32.
 * Interpolate-4 takes sizes and scales both; Interpolate-1 takes sizes, names its axes in an attribute and knows two coordinate rules.
 * Spec: OpenVINO Interpolate-11.
 */
export const Interpolate = op('Interpolate', {
  attributes,
  inputs: [port('data', numeric), port('scales_or_sizes', numeric), optional('axes', index)],
  outputs: [port('output', numeric)],
  since: {
    opset1: {
      attributes: {
        axes: ints(),
        mode: oneOf(['nearest', 'linear', 'cubic']),
        align_corners: bool(true),
        antialias: bool(false),
        pads_begin: ints([]),
        pads_end: ints([]),
      },
      rebuild(g, [data, sizes], { axes, mode, align_corners, antialias, pads_begin, pads_end }) {
        const coordinate_transformation_mode = align_corners ? 'align_corners' : 'asymmetric';
        const now = mode === 'linear' && !antialias ? 'linear_onnx' : mode;
        return g.node('Interpolate', [data, sizes, g.ints(axes as number[])], {
          mode: now,
          shape_calculation_mode: 'sizes',
          coordinate_transformation_mode,
          nearest_mode: 'simple',
          antialias,
          pads_begin,
          pads_end,
        });
      },
    },
    opset4: {
      attributes: { ...attributes, mode: oneOf(['nearest', 'linear', 'linear_onnx', 'cubic']) },
      rebuild: (g, [data, sizes, scales, axes], given) =>
        g.node('Interpolate', [data, given.shape_calculation_mode === 'sizes' ? sizes : scales, axes], given),
    },
    opset11: {},
  },

  infer({ data, scales_or_sizes, axes }, how, ctx) {
    if (!data.shape) return { type: data.type, shape: undefined };
    const padded = data.shape.map((d, i) => add(d, (how.pads_begin[i] ?? 0) + (how.pads_end[i] ?? 0)));
    const at = axes ? ctx.constants(axes)?.map((a) => normalizeAxis(a, padded.length)) : padded.map((_, i) => i);
    if (axes) ctx.axes('axes', axes, 1);
    if (at && new Set(at).size < at.length) return ctx.fail('an axis is given twice');
    return {
      type: data.type,
      shape: at ? resized(ctx, padded, at, scales_or_sizes, how.shape_calculation_mode) : ctx.freshShape(padded.length),
    };
  },

  evaluate({ data, scales_or_sizes, axes }, how) {
    const image = padZeros(data, how.pads_begin, how.pads_end);
    const at = axes ? numbersOf(axes).map((a) => normalizeAxis(a, data.shape.length)) : data.shape.map((_, i) => i);
    const given = numbersOf(scales_or_sizes);
    return resample(
      image,
      at.map((axis, i) => {
        const input = image.shape[axis] as number;
        const bySizes = how.shape_calculation_mode === 'sizes';
        const output = bySizes ? (given[i] as number) : (scaled(input, given[i] as number, 'floor') as number);
        return { axis, taps: tapsOf(input, output, Math.fround(bySizes ? output / input : (given[i] as number)), how) };
      }),
      how.mode.endsWith('pillow'),
    );
  },
});

function resized(ctx: Infer, padded: readonly Dim[], at: readonly number[], given: Fact, mode: 'sizes' | 'scales'): Shape {
  const count = staticShape(given.shape);
  if (count && (count.length !== 1 || count[0] !== at.length))
    return ctx.fail(`${mode} of shape [${count.join(',')}] for ${at.length} axes`);
  if (ctx.constants(given)?.some((x) => !(x >= 0))) return ctx.fail(`${mode} must not be negative`);
  const scales = mode === 'scales' ? ctx.constants(given) : undefined;
  const sizes = mode === 'sizes' && !isFloat(given.type) ? ctx.dims(given) : undefined;
  return padded.map((d, axis) => {
    const i = at.indexOf(axis);
    if (i < 0) return d;
    if (sizes) return sizes[i] as Dim;
    return scales ? scaled(d, scales[i] as number, 'floor') : ctx.fresh(axis);
  });
}

/** The array with zeros around it. */
function padZeros(data: NdArray, before: readonly number[], after: readonly number[]): NdArray {
  if ([...before, ...after].every((p) => p === 0)) return data;
  const shape = data.shape.map((d, i) => d + (before[i] ?? 0) + (after[i] ?? 0));
  const out = moved(data, shape);
  const strides = stridesOf(shape);
  const start = strides.reduce((sum, s, i) => sum + s * (before[i] ?? 0), 0);
  stridedOffsets(data.shape, strides, start).forEach((to, from) => {
    out.data[to] = data.data[from] as never;
  });
  return out;
}
