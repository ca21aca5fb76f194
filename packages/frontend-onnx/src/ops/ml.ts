/** Operators of ai.onnx.ml that are arithmetic on tensors. */
import { like, listOf, rankOf } from '../build.js';
import type { OnnxOp } from '../node.js';

export const Binarizer: OnnxOp = ({ g, inputs: [x], attr }) => g.cast(g.greater(x, like(g, x, attr.float('threshold', 0))), x.fact.type);

/** Columns of the last axis. */
export const ArrayFeatureExtractor: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [x, places],
  } = node;
  const rank = rankOf(node, x);
  const picked = g.gather(x, listOf(g, places), g.constant('i64', [], [rank - 1]));
  return rank === 1 ? g.unsqueeze(picked, g.ints([0])) : picked;
};

/** (x - offset) scale, by column. */
export const Scaler: OnnxOp = ({ g, inputs: [x], attr }) => {
  const real = g.cast(x, 'f32');
  const [offset, scale] = [attr.floats('offset', [0]), attr.floats('scale', [1])];
  return g.multiply(g.subtract(real, g.constant('f32', [offset.length], offset)), g.constant('f32', [scale.length], scale));
};

/** Rows divided by their largest element, sum of magnitudes, or length; a row of zeros stays. */
export const Normalizer: OnnxOp = ({ g, inputs: [x], attr }) => {
  const real = g.cast(x, 'f32'),
    last = g.ints([-1]);
  const word = attr.word('norm', ['MAX', 'L1', 'L2'], 'MAX');
  const norm =
    word === 'MAX'
      ? g.reduceMax(real, last, { keep_dims: true })
      : word === 'L1'
        ? g.reduceL1(real, last, { keep_dims: true })
        : g.reduceL2(real, last, { keep_dims: true });
  return g.divide(real, g.select(g.equal(norm, like(g, real, 0)), like(g, real, 1), norm));
};
