/** Operators of ai.onnx.preview. */
import { Value, type ElementType } from '@cuvee/core';
import { dimOf, like } from '../build.js';
import { groupSize, repeatedHeads } from '../heads.js';
import type { OnnxOp } from '../node.js';

/** Scores and probabilities may each pass a body of the file's own. */
export const FlexAttention: OnnxOp<3> = (node) => {
  const {
    g,
    inputs: [q, k, v],
    attr,
  } = node;
  const times = groupSize(node, dimOf(q, 1), dimOf(k, 1));
  const own = q.fact.type;
  const precision: ElementType =
    attr.has('softmax_precision') && attr.int('softmax_precision') !== 0
      ? attr.elementType('softmax_precision')
      : own === 'f64'
        ? 'f64'
        : 'f32';
  const size = dimOf(q, 3);
  if (size === undefined && !attr.has('scale')) throw node.unsupported('a head size that only the run tells');
  const modified = (x: Value, name: string): Value => {
    if (!attr.has(name)) return x;
    const [y] = node.inline(attr.graph(name), [x]);
    if (!(y instanceof Value)) throw node.invalid(`the body "${name}" gives no tensor`);
    return y;
  };
  const product = g.cast(g.matMul(q, repeatedHeads(g, k, times), { transpose_a: false, transpose_b: true }), precision);
  const scores = modified(g.multiply(product, like(g, product, attr.float('scale', 1 / Math.sqrt(size ?? 1)))), 'score_mod');
  const weights = modified(g.softmax(scores, { axis: -1 }), 'prob_mod');
  return g.matMul(g.cast(weights, own), repeatedHeads(g, v, times), { transpose_a: false, transpose_b: false });
};
