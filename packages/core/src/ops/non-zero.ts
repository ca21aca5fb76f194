import { bounds, product, type Dim } from '../shape/index.js';
import { Literal } from '../tensor/literal.js';
import { elementType } from './attributes.js';
import { repeatedElement } from './broadcast.js';
import { indexOf } from './movement.js';
import { numericOrBoolean, only, op, port } from './op.js';

/** Indices of the elements that are not 0, in row-major order: column k holds the index of the k-th along each axis. Spec: OpenVINO NonZero-3. */
export const NonZero = op('NonZero', {
  attributes: { output_type: elementType('i64') },
  inputs: [port('data', numericOrBoolean)],
  outputs: [port('output', only('i32', 'i64'))],
  since: { opset3: {} },

  infer({ data }, { output_type }, ctx) {
    const { shape } = data;
    if (!shape) return { type: output_type, shape: ctx.freshShape(2) };
    const equal = repeatedElement(ctx.node.inputs[0]);
    if (equal !== undefined)
      return { type: output_type, shape: [shape.length, Number(equal.nd().data[0]) === 0 ? 0 : product(shape)] satisfies Dim[] };
    const most = shape.reduce<number>((n, d) => n * bounds(d)[1], 1);
    return { type: output_type, shape: [shape.length, ctx.fresh(1, [0, Number.isNaN(most) ? 0 : most])] satisfies Dim[] };
  },

  evaluate({ data }, { output_type }) {
    const found: number[][] = [];
    data.data.forEach((value: unknown, i: number) => {
      if (Number(value) !== 0) found.push(indexOf(i, data.shape));
    });
    const values = data.shape.flatMap((_, axis) => found.map((at) => at[axis] as number));
    return Literal.from(output_type, [data.shape.length, found.length], values).nd();
  },
});
