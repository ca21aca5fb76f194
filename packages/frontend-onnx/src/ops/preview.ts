/** Operators of ai.onnx.preview. */
import { Value } from '@cuvee/core';
import { dimOf, like, times, timesRows } from '../build.js';
import { groupSize, repeatedHeads } from '../heads.js';
import type { OnnxNode, OnnxOp } from '../node.js';

/** Scores and probabilities may each pass a body of the file's own. */
export const FlexAttention: OnnxOp<3> = (node) => {
  const { g, attr } = node;
  const [q, k, v] = node.inputs;
  const shared = groupSize(node, dimOf(q, 1), dimOf(k, 1));
  const own = q.fact.type;
  const size = dimOf(q, 3);
  if (size === undefined && !attr.has('scale')) throw node.unsupported('a head size that only the run tells');
  const precision = attr.optionalType('softmax_precision') ?? (own === 'f64' ? 'f64' : 'f32');
  const product = g.cast(timesRows(g, q, repeatedHeads(g, k, shared)), precision);
  const scores = modified(node, 'score_mod', g.multiply(product, like(g, product, attr.float('scale', 1 / Math.sqrt(size ?? 1)))));
  const weights = modified(node, 'prob_mod', g.softmax(scores, { axis: -1 }));
  return times(g, g.cast(weights, own), repeatedHeads(g, v, shared));
};

/** What the body of an attribute makes of a tensor; the tensor itself without one. */
function modified(node: OnnxNode<3>, name: string, x: Value): Value {
  if (!node.attr.has(name)) return x;
  const [y] = node.inline(node.attr.graph(name), [x]);
  if (!(y instanceof Value)) throw node.invalid(`the body "${name}" gives no tensor`);
  return y;
}
