/** @file YUV pictures (BT.601, halved chroma) to RGB or BGR: shared by the four conversions. */
import type { Infer } from '../ir/infer.js';
import type { Fact } from '../ir/fact.js';
import { exactDiv, floorDiv, isEqual, mod, mul, type Dim, type Shape } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { isInteger } from '../tensor/element.js';
import type { NdArray } from '../tensor/nd.js';
import { sameType } from './elementwise.js';
import { many, numeric, op, port, type Op } from './op.js';

/** Layout of the chroma planes: interleaved pairs, or a plane of U followed by a plane of V. */
type Chroma = 'NV12' | 'I420';

/** A room that converts a picture: one plane [N, 3H/2, W, 1], or luma [N, H, W, 1] with its chroma planes. Gives [N, H, W, 3]. */
export function yuvTo(name: string, chroma: Chroma, order: 'RGB' | 'BGR'): Op {
  return op(name, {
    inputs: [many('planes', numeric)],
    outputs: [port('output', numeric)],
    since: { opset8: {} },
    infer: ({ planes }, _, ctx) => ({ type: sameType(ctx, ...planes), shape: pictureShape(ctx, planes, chroma) }),
    evaluate: ({ planes }) => picture(planes, chroma, order),
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
  if (planes.length > 1) return [n, rows, width, 3];
  if (exactDiv(rows, 3) === undefined) ctx.require(thirds, isEqual(mod(rows, 3), 0));
  return [n, mul(floorDiv(rows, 3), 2), width, 3];
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
      if (chroma === 'NV12') return single ? Number(first.data[own + height * width + 2 * p + Number(second)]) : read(1, 2 * p + Number(second), 2 * quarter);
      return single ? Number(first.data[own + height * width + (second ? quarter : 0) + p]) : read(second ? 2 : 1, p, quarter);
    };
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const p = Math.floor(y / 2) * half + Math.floor(x / 2);
        const [c, d, e] = [1.164 * (Number(first.data[own + y * width + x]) - 16), chromaAt(p, false) - 128, chromaAt(p, true) - 128];
        const rgb = [c + 1.596 * e, c - 0.813 * e - 0.391 * d, c + 2.018 * d].map((v) => Math.min(255, Math.max(0, isInteger(first.type) ? Math.round(v) : v)));
        out.set(order === 'RGB' ? rgb : rgb.reverse(), ((n * height + y) * width + x) * 3);
      }
    }
  }
  return { type: first.type, shape: [batch, height, width, 3], data: out };
}
