import type { Infer } from '../ir/infer.js';
import type { Dim, Shape } from '../shape/index.js';
import { emptyElements, type Elements } from '../tensor/convert.js';
import { broadcastOffsets, broadcastShapes, sizeOf, type NdArray } from '../tensor/nd.js';
import { bool } from './attributes.js';
import { isWide, sameType } from './elementwise.js';
import { numeric, op, port } from './op.js';

/**
 * Matrix product over the last two axes; axes before them are broadcast.
 *
 * A vector on the left is a row, on the right a column, whatever the transpose flags say; the axis so made leaves the result.
 * Spec: OpenVINO MatMul-1.
 */
export const MatMul = op('MatMul', {
  attributes: { transpose_a: bool(false), transpose_b: bool(false) },
  inputs: [port('a', numeric), port('b', numeric)],
  outputs: [port('output', numeric)],

  infer: ({ a, b }, { transpose_a, transpose_b }, ctx) => ({
    type: sameType(ctx, a, b),
    shape: productShape(ctx, a.shape, b.shape, transpose_a, transpose_b),
  }),

  evaluate: ({ a, b }, { transpose_a, transpose_b }) => product(a, b, transpose_a, transpose_b),

  traits: {
    flops: ([a], [output], { transpose_a }) => {
      const inner = a?.shape?.[a.shape.length - (transpose_a === true && a.shape.length > 1 ? 2 : 1)];
      const known = [inner, ...(output?.shape ?? [])];
      return known.every((d) => typeof d === 'number') ? (known as number[]).reduce((x, y) => x * y, 2) : 0;
    },
  },
});

/** Batch axes, rows and columns of one operand, with the transpose undone and vectors made matrices. */
function parts<T>(shape: readonly (T | 1)[], transpose: boolean, left: boolean): { batch: (T | 1)[]; rows: T | 1; columns: T | 1 } {
  if (shape.length === 1) return left ? { batch: [], rows: 1, columns: shape[0] as T } : { batch: [], rows: shape[0] as T, columns: 1 };
  const [p, q] = shape.slice(-2) as [T, T];
  return { batch: shape.slice(0, -2), rows: transpose ? q : p, columns: transpose ? p : q };
}

function productShape(ctx: Infer, a: Shape, b: Shape, transposeA: boolean, transposeB: boolean): Shape {
  if (!a || !b) return undefined;
  if (a.length === 0 || b.length === 0) return ctx.fail('scalars have no matrix product');
  const x = parts<Dim>(a, transposeA, true);
  const y = parts<Dim>(b, transposeB, false);
  ctx.requireEqual('inner dimensions', x.columns, y.rows);
  const batch = ctx.broadcast(x.batch, y.batch) ?? [];
  return [...batch, ...(a.length === 1 ? [] : [x.rows]), ...(b.length === 1 ? [] : [y.columns])];
}

/** The product of two arrays; sums are f64, or BigInt for 64-bit integers. */
export function product(a: NdArray, b: NdArray, transposeA: boolean, transposeB: boolean): NdArray {
  const x = parts<number>(a.shape, transposeA, true);
  const y = parts<number>(b.shape, transposeB, false);
  const batch = broadcastShapes(x.batch, y.batch);
  const [m, k, n] = [x.rows, x.columns, y.columns];
  const shape = [...batch, ...(a.shape.length === 1 ? [] : [m]), ...(b.shape.length === 1 ? [] : [n])];
  const out = emptyElements(a.type, sizeOf(shape)) as unknown as (number | bigint)[];
  const [ia, ib] = [broadcastOffsets(x.batch, batch), broadcastOffsets(y.batch, batch)];
  // Distances between neighbours along rows and columns of the matrices as they are stored.
  const [aRow, aColumn] = transposeA && a.shape.length > 1 ? [1, m] : [k, 1];
  const [bRow, bColumn] = transposeB && b.shape.length > 1 ? [1, k] : [n, 1];
  const wide = isWide(a.type);
  for (let t = 0; t < ia.length; t++) {
    const [pa, pb] = [(ia[t] as number) * m * k, (ib[t] as number) * k * n];
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const at = (t * m + i) * n + j;
        if (wide) {
          let sum = 0n;
          for (let l = 0; l < k; l++)
            sum += (a.data[pa + i * aRow + l * aColumn] as bigint) * (b.data[pb + l * bRow + j * bColumn] as bigint);
          out[at] = sum;
        } else {
          let sum = 0;
          for (let l = 0; l < k; l++)
            sum += (a.data[pa + i * aRow + l * aColumn] as number) * (b.data[pb + l * bRow + j * bColumn] as number);
          out[at] = sum;
        }
      }
    }
  }
  return { type: a.type, shape, data: out as unknown as Elements };
}
