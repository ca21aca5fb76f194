/** Optimisers of ai.onnx.preview.training: one step for each tensor of a list. */
import type { Value } from '@cuvee/core';
import { like } from '../build.js';
import type { OnnxNode, OnnxOp } from '../node.js';

/** Inputs after rate and step count come in groups: all tensors, all gradients, then each kind of state. */
function grouped(node: OnnxNode<2>, groups: number): readonly (readonly Value[])[] {
  const rest = node.inputs.slice(2) as readonly Value[];
  const count = rest.length / groups;
  if (!Number.isInteger(count)) throw node.invalid(`${rest.length} tensors cannot be divided into ${groups} groups`);
  return Array.from({ length: count }, (_, i) => Array.from({ length: groups }, (_unused, k) => rest[k * count + i] as Value));
}

/** Outputs by kind: all tensors, then all states. */
const byKind = (steps: readonly (readonly Value[])[]): readonly Value[] =>
  (steps[0] ?? []).flatMap((_, kind) => steps.map((step) => step[kind] as Value));

/** The gradient with the weight decay's part. */
function regularised({ g, attr }: OnnxNode<2>, x: Value, gradient: Value, fallback = 0): Value {
  const decay = attr.float('norm_coefficient', fallback);
  return decay === 0 ? gradient : g.add(g.multiply(like(g, x, decay), x), gradient);
}

export const Momentum: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [rate, count],
    attr,
  } = node;
  const alpha = attr.float('alpha'),
    beta = attr.float('beta'),
    nesterov = attr.word('mode', ['standard', 'nesterov']) === 'nesterov';
  return byKind(
    grouped(node, 3).map(([x, gradient, velocity]) => {
      const [weights, state] = [x as Value, velocity as Value];
      const step = regularised(node, weights, gradient as Value);
      // the first step is not damped
      const damping = g.select(g.equal(count, g.constant(count.fact.type, [], [0])), like(g, weights, 1), like(g, weights, beta));
      const moved = g.add(g.multiply(like(g, weights, alpha), state), g.multiply(damping, step));
      const direction = nesterov ? g.add(step, g.multiply(like(g, weights, alpha), moved)) : moved;
      return [g.subtract(weights, g.multiply(rate, direction)), moved];
    }),
  );
};

export const Adagrad: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [rate, count],
    attr,
  } = node;
  const slowed = g.divide(
    rate,
    g.add(like(g, rate, 1), g.multiply(g.cast(count, rate.fact.type), like(g, rate, attr.float('decay_factor', 0)))),
  );
  return byKind(
    grouped(node, 3).map(([x, gradient, squares]) => {
      const weights = x as Value;
      const step = regularised(node, weights, gradient as Value);
      const sum = g.add(squares as Value, g.multiply(step, step));
      return [
        g.subtract(weights, g.divide(g.multiply(slowed, step), g.add(g.sqrt(sum), like(g, weights, attr.float('epsilon', 1e-6))))),
        sum,
      ];
    }),
  );
};

export const Adam: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [rate, count],
    attr,
  } = node;
  const alpha = attr.float('alpha', 0.9),
    beta = attr.float('beta', 0.999),
    after = attr.float('norm_coefficient_post', 0);
  const one = like(g, rate, 1),
    steps = g.cast(count, rate.fact.type);
  const corrected = g.divide(
    g.multiply(rate, g.sqrt(g.subtract(one, g.power(like(g, rate, beta), steps)))),
    g.subtract(one, g.power(like(g, rate, alpha), steps)),
  );
  const effective = g.select(g.greater(count, g.constant(count.fact.type, [], [0])), corrected, rate);
  return byKind(
    grouped(node, 4).map(([x, gradient, first, second]) => {
      const weights = x as Value;
      const step = regularised(node, weights, gradient as Value);
      const mean = g.add(g.multiply(like(g, weights, alpha), first as Value), g.multiply(like(g, weights, 1 - alpha), step));
      const square = g.add(
        g.multiply(like(g, weights, beta), second as Value),
        g.multiply(like(g, weights, 1 - beta), g.multiply(step, step)),
      );
      const next = g.subtract(
        weights,
        g.divide(g.multiply(effective, mean), g.add(g.sqrt(square), like(g, weights, attr.float('epsilon', 1e-6)))),
      );
      return [after === 0 ? next : g.multiply(like(g, weights, 1 - after), next), mean, square];
    }),
  );
};
