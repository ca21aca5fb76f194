/** Reductions. The axes are an attribute before opset 18 (ReduceSum: 13), an input from then on. */
import type { Value } from '@cuvee/core';
import { allAxes, axesOf, like, numbersOf } from '../build.js';
import type { OnnxNode, OnnxOp } from '../node.js';

type Reduce = (g: OnnxNode['g'], x: Value, axes: Value, keepDims: boolean) => Value;

/** All axes when none are given, or, with `noop_with_empty_axes`, `identity`: what the reduction does to single elements. */
function reduce(apply: Reduce, since = 18, identity: (g: OnnxNode['g'], x: Value) => Value = (_, x) => x): OnnxOp {
  return (node) => {
    const { g, attr } = node;
    const [x] = node.inputs;
    const keep = attr.bool('keepdims', true);
    const given = axesOf(node, since);
    const none = given === undefined || given.fact.shape?.[0] === 0 || numbersOf(given)?.length === 0;
    if (none && node.version >= since && attr.bool('noop_with_empty_axes')) return identity(g, x);
    if (given && !none && typeof given.fact.shape?.[0] !== 'number' && !attr.bool('noop_with_empty_axes')) {
      // how many axes there are is only known at run time: with none at all the whole tensor would be meant
      throw node.unsupported('axes whose number only the run tells');
    }
    return apply(g, x, none ? allAxes(g, x) : (given as Value), keep);
  };
}

export const ReduceSum = reduce((g, x, axes, keep_dims) => g.reduceSum(x, axes, { keep_dims }), 13);
export const ReduceMean = reduce((g, x, axes, keep_dims) => g.reduceMean(x, axes, { keep_dims }));
export const ReduceProd = reduce((g, x, axes, keep_dims) => g.reduceProd(x, axes, { keep_dims }));

/** Booleans as logical or and and: ReduceMax and ReduceMin take them from opset 20. */
export const ReduceMax = reduce((g, x, axes, keep_dims) =>
  x.fact.type === 'boolean' ? g.reduceLogicalOr(x, axes, { keep_dims }) : g.reduceMax(x, axes, { keep_dims }),
);
export const ReduceMin = reduce((g, x, axes, keep_dims) =>
  x.fact.type === 'boolean' ? g.reduceLogicalAnd(x, axes, { keep_dims }) : g.reduceMin(x, axes, { keep_dims }),
);

export const ReduceL1 = reduce(
  (g, x, axes, keep_dims) => g.reduceL1(x, axes, { keep_dims }),
  18,
  (g, x) => g.abs(x),
);
export const ReduceL2 = reduce(
  (g, x, axes, keep_dims) => g.reduceL2(x, axes, { keep_dims }),
  18,
  (g, x) => g.abs(x),
);
export const ReduceSumSquare = reduce(
  (g, x, axes, keep_dims) => g.reduceSum(g.multiply(x, x), axes, { keep_dims }),
  18,
  (g, x) => g.multiply(x, x),
);
export const ReduceLogSum = reduce(
  (g, x, axes, keep_dims) => g.log(g.reduceSum(x, axes, { keep_dims })),
  18,
  (g, x) => g.log(x),
);

/** log Σ e^x = m + log Σ e^(x - m) with m the largest element, 0 where that is infinite. */
export const ReduceLogSumExp = reduce((g, x, axes, keep_dims) => {
  const raw = g.reduceMax(x, axes, { keep_dims: true });
  const top = g.select(g.isFinite(raw), raw, like(g, x, 0));
  const sum = g.add(g.log(g.reduceSum(g.exp(g.subtract(x, top)), axes, { keep_dims: true })), top);
  return keep_dims ? sum : g.squeeze(sum, axes);
});
