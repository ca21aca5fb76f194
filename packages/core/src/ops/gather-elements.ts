import type { Dim } from '../shape/index.js';
import { normalizeAxis, numbersOf, stridesOf } from '../tensor/nd.js';
import { int } from './attributes.js';
import { indexOf, inferAxis, picked, place } from './movement.js';
import { any, index, op, port } from './op.js';

/** output[i, j, k] = data[indices[i, j, k], j, k] for axis 0, and so on: the indices have the output's shape. Spec: OpenVINO GatherElements-6. */
export const GatherElements = op('GatherElements', {
  attributes: { axis: int() },
  inputs: [port('data', any), port('indices', index)],
  outputs: [port('output', any)],
  since: { opset6: {} },

  infer({ data, indices }, { axis }, ctx) {
    if (data.shape && indices.shape) {
      const at = inferAxis(ctx, axis, data.shape.length);
      if (data.shape.length !== indices.shape.length)
        ctx.fail(`the indices have rank ${indices.shape.length}, the data ${data.shape.length}`);
      const shape = indices.shape.map((d, i) => (i === at ? d : ctx.requireEqual(`dimension ${i}`, d, data.shape?.[i] as Dim)));
      return { type: data.type, shape };
    }
    return { type: data.type, shape: indices.shape ?? (data.shape && ctx.freshShape(data.shape.length)) };
  },

  evaluate({ data, indices }, { axis }) {
    const at = normalizeAxis(axis, data.shape.length);
    const strides = stridesOf(data.shape);
    const offsets = numbersOf(indices).map((given, flat) =>
      indexOf(flat, indices.shape).reduce(
        (sum, p, i) => sum + (i === at ? place(given, data.shape[i] as number) : p) * (strides[i] as number),
        0,
      ),
    );
    return picked(data, indices.shape, offsets);
  },

  traits: { moves: true },
});
