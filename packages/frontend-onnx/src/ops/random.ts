/** Random numbers. `seed` is a float in ONNX, an integer in Dropout; the rooms' streams differ from other engines'. */
import type { ElementType, Value } from '@cuvee/core';
import { like, shapeOf, type AnyNode } from '../build.js';
import type { OnnxOp } from '../node.js';

/** Uniform in [low, high), of the type. */
function uniform(node: AnyNode, shape: Value, low: number, high: number, type: ElementType): Value {
  const { g, attr, op } = node;
  const inner: ElementType = type === 'f64' ? 'f64' : 'f32';
  const given = !attr.has('seed') ? 0 : op === 'Dropout' ? attr.int('seed') : attr.float('seed') * 1000;
  const seed = Number.isFinite(given) ? Math.abs(Math.trunc(given)) % 2 ** 31 : 0;
  const y = g.randomUniform(shape, g.constant(inner, [], [low]), g.constant(inner, [], [high]), {
    output_type: inner,
    global_seed: seed,
    op_seed: seed === 0 ? 0 : 1,
  });
  return g.cast(y, type);
}

/** Normal numbers from two uniform ones (Box and Muller 1958). */
function normal(node: AnyNode, shape: Value, type: ElementType): Value {
  const { g, attr } = node;
  const [first, second] = [uniform(node, shape, 2 ** -24, 1, 'f32'), uniform(node, shape, 0, 2 * Math.PI, 'f32')];
  const radius = g.sqrt(g.multiply(g.log(first), g.constant('f32', [], [-2])));
  const standard = g.multiply(radius, g.cos(second));
  const scaled = g.add(
    g.multiply(standard, g.constant('f32', [], [attr.float('scale', 1)])),
    g.constant('f32', [], [attr.float('mean', 0)]),
  );
  return g.cast(scaled, type);
}

export const RandomUniform: OnnxOp<0> = (node) =>
  uniform(
    node,
    node.g.ints(node.attr.ints('shape')),
    node.attr.float('low', 0),
    node.attr.float('high', 1),
    node.attr.elementType('dtype', 'f32'),
  );
export const RandomUniformLike: OnnxOp = (node) =>
  uniform(
    node,
    shapeOf(node.g, node.inputs[0]),
    node.attr.float('low', 0),
    node.attr.float('high', 1),
    node.attr.elementType('dtype', node.inputs[0].fact.type),
  );
export const RandomNormal: OnnxOp<0> = (node) => normal(node, node.g.ints(node.attr.ints('shape')), node.attr.elementType('dtype', 'f32'));
export const RandomNormalLike: OnnxOp = (node) =>
  normal(node, shapeOf(node.g, node.inputs[0]), node.attr.elementType('dtype', node.inputs[0].fact.type));

/** 1 with the probability that the input says. */
export const Bernoulli: OnnxOp = (node) => {
  const { g, attr } = node;
  const [x] = node.inputs;
  return g.cast(g.less(uniform(node, shapeOf(g, x), 0, 1, x.fact.type), x), attr.elementType('dtype', x.fact.type));
};

/** With `training_mode` elements are dropped at the ratio, the rest scaled up; else the input passes. */
export const Dropout: OnnxOp = (node) => {
  const { g, version } = node;
  const [x, ratio, training] = node.inputs;
  // a mask of nothing dropped is true from opset 12 on, false before
  const everything = (): Value => g.broadcast(g.constant('boolean', [], [version >= 12]), shapeOf(g, x), undefined, { mode: 'numpy' });
  if (version < 12 || !training || (training.fact.value && !Number(training.fact.value.nd().data[0]))) {
    if (!node.wants(1)) return x;
    return [x, version >= 10 ? everything() : g.cast(everything(), x.fact.type)];
  }
  const rate = g.cast(ratio ?? g.constant('f32', [], [0.5]), x.fact.type);
  const kept = g.logicalOr(g.logicalNot(training), g.greaterEqual(uniform(node, shapeOf(g, x), 0, 1, x.fact.type), rate));
  const factor = g.select(training, g.divide(like(g, x, 1), g.subtract(like(g, x, 1), rate)), like(g, x, 1));
  const y = g.select(kept, g.multiply(x, factor), like(g, x, 0));
  return [y, node.wants(1) ? g.broadcast(kept, shapeOf(g, x), undefined, { mode: 'numpy' }) : undefined];
};
