/** Products: matrices, Einstein sums, determinants. */
import type { Value } from '@cuvee/core';
import { allInputs, flattened, like, rankOf, sliced, squeezedAt } from '../build.js';
import type { OnnxOp } from '../node.js';

export const MatMul: OnnxOp<2> = ({ g, inputs: [a, b] }) => g.matMul(a, b, { transpose_a: false, transpose_b: false });

/** alpha A B + beta C */
export const Gemm: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [a, b, c],
    attr,
  } = node;
  const matrix = (x: Value): Value => (x.fact.shape && x.fact.shape.length > 2 ? flattened(g, x, 1, x.fact.shape.length) : x);
  const scaled = (x: Value, name: string): Value => {
    const factor = attr.float(name, 1);
    return factor === 1 ? x : g.multiply(x, like(g, x, factor));
  };
  const product = scaled(g.matMul(matrix(a), matrix(b), { transpose_a: attr.bool('transA'), transpose_b: attr.bool('transB') }), 'alpha');
  return c ? g.add(product, scaled(c, 'beta')) : product;
};

export const Einsum: OnnxOp = (node) => node.g.einsum(allInputs(node), { equation: node.attr.text('equation').replace(/\s/g, '') });

/** Determinants of matrices up to 4 × 4, by expansion along the first row. */
export const Det: OnnxOp = (node) => {
  const {
    g,
    inputs: [x],
  } = node;
  const rank = rankOf(node, x);
  const [n, m] = [x.fact.shape?.[rank - 2], x.fact.shape?.[rank - 1]];
  if (typeof n !== 'number' || n !== m || n < 1 || n > 4) throw node.unsupported(`determinants of ${String(n)} × ${String(m)} matrices`);
  const element = (row: number, column: number): Value =>
    squeezedAt(g, sliced(g, sliced(g, x, rank - 2, row, row + 1), rank - 1, column, column + 1), [rank - 2, rank - 1]);
  const minor = (row: number, columns: readonly number[]): Value => {
    const terms = columns.map((column, i) => {
      const rest = columns.filter((other) => other !== column);
      const value = rest.length === 0 ? element(row, column) : g.multiply(element(row, column), minor(row + 1, rest));
      return { value, negative: i % 2 === 1 };
    });
    return terms
      .slice(1)
      .reduce((sum, { value, negative }) => (negative ? g.subtract(sum, value) : g.add(sum, value)), (terms[0] as { value: Value }).value);
  };
  return minor(
    0,
    Array.from({ length: n }, (_, i) => i),
  );
};
