/** Products: matrices, Einstein sums, determinants. */
import type { Builder, Value } from '@cuvee/core';
import { allInputs, dimOf, flattened, like, picked, rankOf, times, upTo } from '../build.js';
import type { OnnxOp } from '../node.js';

export const MatMul: OnnxOp<2> = ({ g, inputs: [a, b] }) => times(g, a, b);

/** alpha A B + beta C */
export const Gemm: OnnxOp<2> = (node) => {
  const { g, attr } = node;
  const [a, b, c] = node.inputs;
  const matrix = (x: Value): Value => (x.fact.shape && x.fact.shape.length > 2 ? flattened(g, x, 1, x.fact.shape.length) : x);
  const scaled = (x: Value, name: string): Value => {
    const factor = attr.float(name, 1);
    return factor === 1 ? x : g.multiply(x, like(g, x, factor));
  };
  const product = scaled(g.matMul(matrix(a), matrix(b), { transpose_a: attr.bool('transA'), transpose_b: attr.bool('transB') }), 'alpha');
  return c ? g.add(product, scaled(c, 'beta')) : product;
};

export const Einsum: OnnxOp = (node) => node.g.einsum(allInputs(node), { equation: node.attr.text('equation').replace(/\s/g, '') });

/** Determinants of matrices up to 4 × 4. */
export const Det: OnnxOp = (node) => {
  const { g } = node;
  const [x] = node.inputs;
  const rank = rankOf(node, x);
  const [n, m] = [dimOf(x, -2), dimOf(x, -1)];
  if (n === undefined || n !== m || n < 1 || n > 4) throw node.unsupported(`determinants of ${String(n)} × ${String(m)} matrices`);
  return minor(g, (row, column) => picked(g, picked(g, x, column, rank - 1), row, rank - 2), 0, upTo(n));
};

/** The determinant of the rows from `row` on in as many columns, by expansion along the first. */
function minor(g: Builder, element: (row: number, column: number) => Value, row: number, columns: readonly number[]): Value {
  const [only, ...more] = columns;
  if (more.length === 0) return element(row, only as number);
  const terms = columns.map((column) => {
    const rest = columns.filter((other) => other !== column);
    return g.multiply(element(row, column), minor(g, element, row + 1, rest));
  });
  return terms.reduce((sum, term, i) => (i % 2 === 1 ? g.subtract(sum, term) : g.add(sum, term)));
}
