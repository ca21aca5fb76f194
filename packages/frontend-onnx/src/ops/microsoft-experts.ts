/** Mixtures of experts of com.microsoft, whole: every expert computes every token, weighed by 0 where it is not chosen. */
import type { Value } from '@cuvee/core';
import { f32, i64, like, reshapedTo, shapeOf, sizesOf, sliced, timesRows } from '../build.js';
import { takes, type OnnxNode, type OnnxOp } from '../node.js';

/** [tokens, experts]: the weights of the k best experts by a softmax of the router's scores, 0 for all others. */
function routes(node: OnnxNode<3>, scores: Value): Value {
  const { g, attr } = node;
  const options = { axis: -1, mode: 'max', sort: 'value', index_element_type: 'i64' } as const;
  const [best, places] = g.topK(g.softmax(scores, { axis: -1 }), i64(g, attr.int('k', 1)), options) as readonly [Value, Value];
  const sum = g.reduceSum(best, g.ints([-1]), { keep_dims: true });
  const weights = attr.bool('normalize_routing_weights') ? g.divide(best, sum) : best;
  const none = g.multiply(scores, like(g, scores, 0));
  return g.scatterElementsUpdate(none, places, weights, i64(g, 1), { reduction: 'none', use_init_val: true });
}

/** Neighbours as pairs of a gate and a value: gate σ(alpha gate) (value + beta), both within the limit. */
function gated({ g, attr, unsupported }: OnnxNode<3>, x: Value): Value {
  if (attr.int('swiglu_fusion', 0) !== 1) throw unsupported('gates that are not interleaved with their values');
  const [all, most] = [Number.MAX_SAFE_INTEGER, attr.float('swiglu_limit', Number.POSITIVE_INFINITY)];
  const gate = g.clamp(sliced(g, x, 2, 0, all, 2), { min: Number.NEGATIVE_INFINITY, max: most });
  const value = g.clamp(sliced(g, x, 2, 1, all, 2), { min: -most, max: most });
  const open = g.swish(gate, f32(g, attr.float('activation_alpha', 1)));
  return g.multiply(open, g.add(value, f32(g, attr.float('activation_beta', 0))));
}

function activated(node: OnnxNode<3>, x: Value): Value {
  const { g } = node;
  const functions = {
    relu: () => g.relu(x),
    gelu: () => g.gelu(x, { approximation_mode: 'TANH' }),
    silu: () => g.swish(x, undefined),
    identity: () => x,
    swiglu: () => gated(node, x),
  };
  return functions[node.attr.word('activation_type', ['relu', 'gelu', 'silu', 'identity', 'swiglu'], 'relu')]();
}

/** x Wᵀ + bias for each expert. */
function layer({ g }: OnnxNode<3>, x: Value, weights: Value, bias: Value | undefined): Value {
  const product = timesRows(g, x, weights);
  return bias ? g.add(product, g.unsqueeze(bias, g.ints([1]))) : product;
}

/**
 * Inputs: tokens, the router's scores, then weights [experts, out, in] and bias of the first and second layer and of the one that the
 * first is multiplied by.
 */
export const MoE: OnnxOp<3> = takes('sssosooo>s', (node) => {
  const { g } = node;
  const [x, scores, first, firstBias, second, secondBias, third, thirdBias] = node.inputs;
  const tokens = reshapedTo(g, x, [1, -1, sizesOf(g, x, [-1])]);
  const inner = activated(node, layer(node, tokens, first, firstBias));
  const wide = third ? g.multiply(inner, layer(node, tokens, third, thirdBias)) : inner;
  const weights = g.unsqueeze(g.transpose(routes(node, scores), g.ints([1, 0])), g.ints([2]));
  const sum = g.reduceSum(g.multiply(layer(node, wide, second as Value, secondBias), weights), g.ints([0]), { keep_dims: false });
  return g.reshape(sum, shapeOf(g, x), { special_zero: false });
});
