/** @file YUV pictures (BT.601, halved chroma) to RGB or BGR: shared by the four conversions. */
import type { Infer } from '../ir/infer.js';
import type { Fact } from '../ir/fact.js';
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { exactDiv, floorDiv, isEqual, mod, mul, type Dim, type Shape } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { isInteger } from '../tensor/element.js';
import type { NdArray } from '../tensor/nd.js';
import { sameType } from './elementwise.js';
import { roundHalfEven } from './special.js';
import { many, only, op, port, type Op } from './op.js';

/** Layout of the chroma planes: interleaved pairs, or a plane of U followed by a plane of V. */
type Chroma = 'NV12' | 'I420';

const pixels = only('u8', 'f16', 'bf16', 'f32', 'f64');

/** A room that converts a picture: one plane [N, 3H/2, W, 1], or luma [N, H, W, 1] with its chroma planes. Gives [N, H, W, 3]. */
export function yuvTo(name: string, chroma: Chroma, order: 'RGB' | 'BGR'): Op {
  return op(name, {
    inputs: [many('planes', pixels)],
    outputs: [port('output', pixels)],
    since: { opset8: {} },
    infer: ({ planes }, _, ctx) => ({ type: sameType(ctx, ...planes), shape: pictureShape(ctx, planes, chroma) }),
    evaluate: ({ planes }) => picture(planes, chroma, order),
    decompose: (g, { planes }) => converted(g, planes, chroma, order),
  });
}

const thirds = 'rows of a single plane must be a multiple of 3';

function pictureShape(ctx: Infer, planes: readonly Fact[], chroma: Chroma): Shape {
  const separate = chroma === 'NV12' ? 2 : 3;
  if (planes.length !== 1 && planes.length !== separate) return ctx.fail(`1 or ${separate} planes expected, got ${planes.length}`);
  const luma = planes[0]?.shape;
  if (!luma) return undefined;
  if (luma.length !== 4) return ctx.fail('planes must have four axes');
  const [n, rows, width, one] = luma as readonly [Dim, Dim, Dim, Dim];
  ctx.requireEqual('channels of the first plane', one, 1);
  if (planes.length > 1) {
    for (const plane of planes.slice(1))
      if (plane.shape?.length === 4) ctx.requireEqual('channels of a chroma plane', plane.shape[3] as Dim, chroma === 'NV12' ? 2 : 1);
    return [...withChroma(ctx, [n, rows, width], planes.slice(1)), 3];
  }
  ctx.require('columns must be even', isEqual(mod(width, 2), 0));
  if (exactDiv(rows, 3) === undefined) ctx.require(thirds, isEqual(mod(rows, 3), 0));
  const height = mul(floorDiv(rows, 3), 2);
  const [least, most] = ctx.scope.bounds(rows);
  ctx.scope.refine(height, [2 * Math.ceil(least / 3), 2 * Math.floor(most / 3)]);
  return [n, height, width, 3];
}

/** Batch, height and width of a luma plane whose chroma planes have half its height and width. */
function withChroma(ctx: Infer, luma: readonly Dim[], chroma: readonly Fact[]): readonly Dim[] {
  return chroma.reduce((known, { shape }) => {
    if (shape && shape.length !== 4) ctx.fail('planes must have four axes');
    return known.map((d, i) => {
      const own = shape?.[i];
      return own === undefined ? d : ctx.requireEqual(`axis ${i} of a chroma plane`, d, i === 0 ? own : mul(own, 2));
    });
  }, luma);
}

function picture(planes: readonly NdArray[], chroma: Chroma, order: 'RGB' | 'BGR'): NdArray {
  const first = planes[0] as NdArray;
  const [batch, rows, width] = first.shape as [number, number, number];
  const single = planes.length === 1;
  const height = single ? (rows / 3) * 2 : rows;
  const out = emptyElements(first.type, batch * height * width * 3) as Float32Array;
  const half = width / 2;
  const quarter = (height / 2) * half;
  for (let n = 0; n < batch; n++) {
    const read = (plane: number, at: number, size: number): number => Number(planes[plane]?.data[n * size + at]);
    const own = n * rows * width;
    const chromaAt = (p: number, second: boolean): number => {
      if (chroma === 'NV12')
        return single ? Number(first.data[own + height * width + 2 * p + Number(second)]) : read(1, 2 * p + Number(second), 2 * quarter);
      return single ? Number(first.data[own + height * width + (second ? quarter : 0) + p]) : read(second ? 2 : 1, p, quarter);
    };
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const p = Math.floor(y / 2) * half + Math.floor(x / 2);
        // In thousandths, which integers have exactly.
        const [c, d, e] = [1164 * (Number(first.data[own + y * width + x]) - 16), chromaAt(p, false) - 128, chromaAt(p, true) - 128];
        const rgb = [c + 1596 * e, c - 813 * e - 391 * d, c + 2018 * d].map((v) =>
          Math.min(255, Math.max(0, isInteger(first.type) ? roundHalfEven(v / 1000) : v / 1000)),
        );
        out.set(order === 'RGB' ? rgb : rgb.reverse(), ((n * height + y) * width + x) * 3);
      }
    }
  }
  return { type: first.type, shape: [batch, height, width, 3], data: out };
}

/** The same by simpler operations: planes apart, chroma doubled, and a sum for each colour. */
function converted(g: Builder, planes: readonly Value[], chroma: Chroma, order: 'RGB' | 'BGR'): Value | undefined {
  const type = planes[0]?.fact.type;
  if (type === undefined || type === 'dynamic') return undefined;
  const [y, u, v] = (
    planes.length === 1
      ? apart(g, planes[0] as Value, chroma)
      : [planes[0], ...(chroma === 'NV12' ? g.split(planes[1] as Value, g.scalar(3, 'i64'), { num_splits: 2 }) : planes.slice(1))]
  ) as [Value, Value, Value];
  // Thousandths go beyond what f16 has.
  const float = type === 'f64' ? 'f64' : 'f32';
  const level = (value: Value, zero: number): Value => g.subtract(g.cast(value, float), g.scalar(zero, float));
  const times = (value: Value, factor: number): Value => g.multiply(value, g.scalar(factor, float));
  const doubled = (value: Value): Value =>
    g.interpolate(value, g.constant('f32', [2], [2, 2]), g.ints([1, 2]), {
      mode: 'nearest',
      shape_calculation_mode: 'scales',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    });
  const [c, d, e] = [times(level(y, 16), 1164), doubled(level(u, 128)), doubled(level(v, 128))];
  const rgb = [g.add(c, times(e, 1596)), g.subtract(g.subtract(c, times(e, 813)), times(d, 391)), g.add(c, times(d, 2018))];
  const thousandths = g.concat(order === 'RGB' ? rgb : rgb.reverse(), { axis: 3 });
  const picture = g.clamp(g.divide(thousandths, g.scalar(1000, float)), { min: 0, max: 255 });
  return g.cast(isInteger(type) ? g.round(picture, { mode: 'half_to_even' }) : picture, type);
}

/** Luma [N, H, W, 1] and both chroma planes [N, H/2, W/2, 1] of a single plane: two thirds of its rows, and the last third. */
function apart(g: Builder, plane: Value, chroma: Chroma): readonly Value[] {
  const zero = { special_zero: true };
  const last = g.scalar(3, 'i64');
  const size = (axis: number): Value => g.gather(g.shapeOf(plane), g.ints([axis]), g.scalar(0, 'i64'));
  const part = (value: Value, by: number): Value => g.divide(value, g.ints([by]));
  const thirds = g.split(g.reshape(plane, g.concat([size(0), g.ints([3]), part(size(1), 3), size(2)], { axis: 0 })), g.scalar(1, 'i64'), {
    num_splits: 3,
  });
  const [first, second, third] = thirds as [Value, Value, Value];
  const luma = g.reshape(
    g.concat([first, second], { axis: 1 }),
    g.concat([size(0), g.multiply(part(size(1), 3), g.ints([2])), size(2), g.ints([1])], { axis: 0 }),
  );
  if (chroma === 'NV12')
    return [luma, ...g.split(g.squeeze(g.reshape(third, g.ints([0, 0, 0, -1, 2]), zero), g.ints([1])), last, { num_splits: 2 })];
  const halves = g.reshape(third, g.concat([size(0), g.ints([2]), part(size(1), 3), part(size(2), 2)], { axis: 0 }));
  return [
    luma,
    ...g.split(halves, g.scalar(1, 'i64'), { num_splits: 2 }).map((half) => g.unsqueeze(g.squeeze(half, g.ints([1])), g.ints([3]))),
  ];
}
