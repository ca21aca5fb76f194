/** Optimisers of ai.onnx.preview.training: one step for each tensor of a list. */
import type { Builder, Value } from '@cuvee/core';
import { like, upTo } from '../build.js';
import type { OnnxNode, OnnxOp } from '../node.js';

/** An operator of one step for each group of tensors: after rate and step count come all tensors, all gradients, then each kind of state. */
const optimiser =
  (groups: number, step: (node: OnnxNode<2>, group: readonly Value[]) => readonly Value[]): OnnxOp<2> =>
  (node) => {
    const rest = node.inputs.slice(2) as readonly Value[];
    const count = rest.length / groups;
    if (!Number.isInteger(count)) throw node.invalid(`${rest.length} tensors cannot be divided into ${groups} groups`);
    return byKind(
      upTo(count).map((i) =>
        step(
          node,
          upTo(groups).map((k) => rest[k * count + i] as Value),
        ),
      ),
    );
  };

/** x times a number. */
const scaled = (g: Builder, x: Value, factor: number): Value => g.multiply(like(g, x, factor), x);

/** Outputs by kind: all tensors, then all states. */
const byKind = (steps: readonly (readonly Value[])[]): readonly Value[] =>
  (steps[0] ?? []).flatMap((_, kind) => steps.map((step) => step[kind] as Value));

/** The gradient with the weight decay's part. */
function regularised({ g, attr }: OnnxNode<2>, x: Value, gradient: Value): Value {
  const decay = attr.float('norm_coefficient', 0);
  return decay === 0 ? gradient : g.add(scaled(g, x, decay), gradient);
}

/** x less its step divided by the root of the sum or mean of squares. */
const descended = ({ g, attr }: OnnxNode<2>, x: Value, step: Value, squares: Value): Value =>
  g.subtract(x, g.divide(step, g.add(g.sqrt(squares), like(g, x, attr.float('epsilon', 1e-6)))));

export const Momentum = optimiser(3, (node, group) => {
  const { g, attr } = node;
  const [rate, count] = node.inputs;
  const [x, gradient, velocity] = group as readonly [Value, Value, Value];
  const [alpha, nesterov] = [attr.float('alpha'), attr.word('mode', ['standard', 'nesterov']) === 'nesterov'];
  const step = regularised(node, x, gradient);
  // the first step is not damped
  const damping = g.select(g.equal(count, g.constant(count.fact.type, [], [0])), like(g, x, 1), like(g, x, attr.float('beta')));
  const moved = g.add(scaled(g, velocity, alpha), g.multiply(damping, step));
  const direction = nesterov ? g.add(step, scaled(g, moved, alpha)) : moved;
  return [g.subtract(x, g.multiply(rate, direction)), moved];
});

export const Adagrad = optimiser(3, (node, group) => {
  const { g, attr } = node;
  const [rate, count] = node.inputs;
  const [x, gradient, squares] = group as readonly [Value, Value, Value];
  const slower = g.add(like(g, rate, 1), scaled(g, g.cast(count, rate.fact.type), attr.float('decay_factor', 0)));
  const step = regularised(node, x, gradient);
  const sum = g.add(squares, g.multiply(step, step));
  return [descended(node, x, g.multiply(g.divide(rate, slower), step), sum), sum];
});

export const Adam = optimiser(4, (node, group) => {
  const { g, attr } = node;
  const [x, gradient, first, second] = group as readonly [Value, Value, Value, Value];
  const [alpha, beta, after] = [attr.float('alpha', 0.9), attr.float('beta', 0.999), attr.float('norm_coefficient_post', 0)];
  const step = regularised(node, x, gradient);
  const mixed = (old: Value, now: Value, share: number): Value => g.add(scaled(g, old, share), scaled(g, now, 1 - share));
  const [mean, square] = [mixed(first, step, alpha), mixed(second, g.multiply(step, step), beta)];
  const next = descended(node, x, g.multiply(unbiasedRate(node, alpha, beta), mean), square);
  return [after === 0 ? next : scaled(g, next, 1 - after), mean, square];
});

/** The rate with which moments that began at 0 count as if they had not; at step 0 as it is. */
function unbiasedRate({ g, inputs }: OnnxNode<2>, alpha: number, beta: number): Value {
  const [rate, count] = inputs;
  const lost = (share: number): Value => g.subtract(like(g, rate, 1), g.power(like(g, rate, share), g.cast(count, rate.fact.type)));
  const corrected = g.divide(g.multiply(rate, g.sqrt(lost(beta))), lost(alpha));
  return g.select(g.greater(count, g.constant(count.fact.type, [], [0])), corrected, rate);
}
