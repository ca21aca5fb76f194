/** Losses: how far predictions are from class numbers. */
import type { Value } from '@cuvee/core';
import { allAxes, like, type AnyNode } from '../build.js';
import type { OnnxOp } from '../node.js';

/** -w[t] · input[n, t, …] for targets t along axis 1; `ignore_index` weighs nothing; then summed or averaged by weight. */
function negativeLogLikelihood(node: AnyNode, input: Value, target: Value, weight: Value | undefined): Value {
  const { g, attr } = node;
  const reduction = attr.word('reduction', ['none', 'sum', 'mean'], 'mean');
  const scalar = (n: number): Value => g.constant(target.fact.type, [], [n]);
  const ignored = attr.has('ignore_index') ? g.equal(target, scalar(attr.int('ignore_index'))) : undefined;
  const safe = ignored ? g.select(ignored, scalar(0), target) : target;
  const axis = g.ints([1]);
  const picked = g.negative(g.squeeze(g.gatherElements(input, g.unsqueeze(safe, axis), { axis: 1 }), axis));
  const own = weight && g.gather(weight, safe, g.constant('i64', [], [0]));
  const one = like(g, input, 1),
    zero = like(g, input, 0);
  const share = ignored ? g.select(ignored, zero, own ?? one) : own;
  const loss = share ? g.multiply(picked, share) : picked;
  if (reduction === 'none') return loss;
  const all = allAxes(g, loss);
  if (reduction === 'mean' && !share) return g.reduceMean(loss, all, { keep_dims: false });
  const sum = g.reduceSum(loss, all, { keep_dims: false });
  if (reduction === 'sum') return sum;
  return g.divide(
    sum,
    g.reduceSum(g.broadcast(share as Value, g.shapeOf(loss, { output_type: 'i64' }), undefined, { mode: 'numpy' }), all, {
      keep_dims: false,
    }),
  );
}

export const NegativeLogLikelihoodLoss: OnnxOp<2> = (node) => negativeLogLikelihood(node, node.inputs[0], node.inputs[1], node.inputs[2]);

export const SoftmaxCrossEntropyLoss: OnnxOp<2> = (node) => {
  const { g } = node;
  const [scores, labels, weight] = node.inputs;
  const logarithms = g.logSoftmax(scores, { axis: 1 });
  return [negativeLogLikelihood(node, logarithms, labels, weight), logarithms];
};
