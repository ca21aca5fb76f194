/** What the classifiers and regressors of ai.onnx.ml do with sums: base values, transforms, labels. */
import type { Builder, Value } from '@cuvee/core';
import { dimOf, i64, like, sliced } from './build.js';
import type { OnnxNode } from './node.js';
import { lineOf } from './tensor.js';

export type Transform = 'NONE' | 'SOFTMAX' | 'LOGISTIC' | 'SOFTMAX_ZERO' | 'PROBIT';
type Node = Pick<OnnxNode, 'g' | 'attr' | 'unsupported' | 'invalid'>;

/** Sums with base values, of which there may be none. */
export const withBase = (g: Builder, sums: Value, base: readonly number[]): Value =>
  base.length === 0 ? sums : g.add(sums, g.constant(sums.fact.type, [base.length], base));

export const transformOf = ({ attr }: Pick<Node, 'attr'>): Transform =>
  attr.word('post_transform', ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'], 'NONE');

/** Scores after the node's transform. SOFTMAX_ZERO leaves zeros out; PROBIT is the normal distribution's quantile, √2 erf⁻¹(2x - 1). */
export function withTransform(node: Node, x: Value, transform = transformOf(node)): Value {
  const { g } = node;
  switch (transform) {
    case 'NONE':
      return x;
    case 'LOGISTIC':
      return g.sigmoid(x);
    case 'SOFTMAX':
      return g.softmax(x, { axis: -1 });
    case 'SOFTMAX_ZERO': {
      const zero = like(g, x, 0),
        there = g.notEqual(x, zero);
      const top = g.reduceMax(x, g.ints([-1]), { keep_dims: true });
      const powers = g.select(there, g.exp(g.subtract(x, top)), zero);
      const sum = g.reduceSum(powers, g.ints([-1]), { keep_dims: true });
      return g.divide(powers, g.select(g.equal(sum, zero), like(g, x, 1), sum));
    }
    case 'PROBIT':
      return g.multiply(g.erfInv(g.subtract(g.multiply(x, like(g, x, 2)), like(g, x, 1))), like(g, x, Math.SQRT2));
  }
}

/** The labels of a classifier as a constant: integers or strings. */
export function labelsOf({ g, attr, invalid }: Node, ints: string, strings: string): Value {
  const texts = attr.texts(strings, []);
  if (texts.length > 0) return g.constant(lineOf('string', texts));
  const numbers = attr.ints(ints, []);
  if (numbers.length === 0) throw invalid('there are no labels');
  return g.constant(lineOf('i64', numbers));
}

/** The label of each row's best score. */
export function bestOf(g: Builder, labels: Value, scores: Value): Value {
  const [, best] = g.topK(scores, i64(g, 1), { axis: 1, mode: 'max', sort: 'value', index_element_type: 'i64' }) as readonly [Value, Value];
  return g.gather(labels, g.squeeze(best, g.ints([1])), i64(g, 0));
}

/** How one column stands for two classes. */
export interface Expansion {
  /** Votes are positive only: the second class wins above 1/2 instead of 0. */
  readonly positive?: boolean;
  /** The first class has what the second lacks to 1, instead of its opposite. */
  readonly share?: boolean;
  /** Name of the attribute with labels that are integers. */
  readonly ints?: string;
}

/**
 * Labels [rows] and transformed scores [rows, classes] of sums. A single column stands for the second of two classes.
 */
export function scored(
  node: Node,
  sums: Value,
  { positive = false, share = positive, ints = 'classlabels_int64s' }: Expansion = {},
): readonly Value[] {
  const { g } = node;
  const labels = labelsOf(node, ints, 'classlabels_strings');
  const transform = transformOf(node);
  if (dimOf(sums, 1) === 1 && dimOf(labels, 0) === 2) {
    if (transform === 'PROBIT') throw node.unsupported('post_transform PROBIT of one column for two classes');
    const second = g.cast(g.greater(sliced(g, sums, 1, 0, 1), like(g, sums, positive ? 0.5 : 0)), 'i64');
    const other = share && transform !== 'LOGISTIC' ? g.subtract(like(g, sums, 1), sums) : g.negative(sums);
    const both = g.concat([other, sums], { axis: 1 });
    const scores = transform === 'LOGISTIC' ? g.sigmoid(both) : both;
    return [g.gather(labels, g.squeeze(second, g.ints([1])), i64(g, 0)), scores];
  }
  return [bestOf(g, labels, sums), withTransform(node, sums, transform)];
}
