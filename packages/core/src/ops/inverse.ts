import { emptyElements } from '../tensor/convert.js';
import { sizeOf } from '../tensor/nd.js';
import { bool } from './attributes.js';
import { floating, op, port } from './op.js';

/**
 * Inverses of the square matrices in the last two axes, by elimination with row pivoting; with `adjoint` of their transposes.
 * A singular matrix gives infinities and NaN.
 * Spec: OpenVINO Inverse-14.
 */
export const Inverse = op('Inverse', {
  attributes: { adjoint: bool(false) },
  inputs: [port('data', floating)],
  outputs: [port('output', floating)],
  since: { opset14: {} },

  infer({ data }, _, ctx) {
    if (!data.shape) return { type: data.type, shape: undefined };
    if (data.shape.length < 2) return ctx.fail('matrices need two axes');
    const [rows, columns] = data.shape.slice(-2) as [(typeof data.shape)[number], (typeof data.shape)[number]];
    const n = ctx.requireEqual('rows and columns', rows, columns);
    return { type: data.type, shape: [...data.shape.slice(0, -2), n, n] };
  },

  evaluate({ data }, { adjoint }) {
    const n = data.shape[data.shape.length - 1] as number;
    const out = emptyElements(data.type, data.data.length) as Float32Array;
    for (let m = 0; m < sizeOf(data.shape.slice(0, -2)); m++) {
      const from = m * n * n;
      const matrix = Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (_x, j) => data.data[from + (adjoint ? j * n + i : i * n + j)] as number),
      );
      invert(matrix).forEach((row, i) => {
        row.forEach((x, j) => {
          out[from + i * n + j] = x;
        });
      });
    }
    return { ...data, data: out };
  },
});

/** Gauss-Jordan elimination of [matrix | identity]. */
function invert(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i]?.[k] as number) > Math.abs(rows[best]?.[k] as number)) best = i;
    [rows[k], rows[best]] = [rows[best] as number[], rows[k] as number[]];
    const pivot = rows[k] as number[];
    const divisor = pivot[k] as number;
    for (let j = 0; j < 2 * n; j++) pivot[j] = (pivot[j] as number) / divisor;
    rows.forEach((row, i) => {
      const factor = row[k] as number;
      if (i !== k && factor !== 0) for (let j = 0; j < 2 * n; j++) row[j] = (row[j] as number) - factor * (pivot[j] as number);
    });
  }
  return rows.map((row) => row.slice(n));
}
