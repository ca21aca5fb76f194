import { CuveeError } from '../errors.js';
import { axesIn, constantAxes, permuted } from './movement.js';
import { any, index, op, port } from './op.js';

/**
 * Permutes the axes: axis i of the output is axis `input_order[i]` of the data. An empty order reverses all axes.
 * Spec: OpenVINO Transpose-1.
 */
export const Transpose = op('Transpose', {
  inputs: [port('data', any), port('input_order', index)],
  outputs: [port('output', any)],

  infer({ data, input_order }, _, ctx) {
    const { type, shape } = data;
    if (!shape) {
      const count = ctx.constants(input_order)?.length;
      return { type, shape: count ? ctx.freshShape(count) : undefined };
    }
    const order = constantAxes(ctx, input_order, shape.length);
    if (!order) return { type, shape: ctx.freshShape(shape.length) };
    if (order.length === 0) return { type, shape: [...shape].reverse() };
    if (order.length !== shape.length) ctx.fail(`order has ${order.length} axes, the data ${shape.length}`);
    return { type, shape: order.map((a) => shape[a] as (typeof shape)[number]) };
  },

  evaluate({ data, input_order }) {
    const order = axesIn(input_order, data.shape.length);
    if (order.length > 0 && (order.length !== data.shape.length || new Set(order).size !== order.length))
      throw new CuveeError('ARGUMENT_INVALID', `the order ${order.join(',')} does not permute ${data.shape.length} axes`);
    if (order.length === 0)
      return permuted(
        data,
        data.shape.map((_, i) => data.shape.length - 1 - i),
      );
    return permuted(data, order);
  },

  traits: { moves: true },
});
