import { Literal } from '../tensor/literal.js';
import { elementType } from './attributes.js';
import { any, current, op, only, port } from './op.js';

/** The shape of a tensor as a 1-D tensor. ShapeOf-1 always gives i64. Spec: OpenVINO ShapeOf-3. */
export const ShapeOf = op('ShapeOf', {
  attributes: { output_type: elementType('i64') },
  inputs: [port('data', any)],
  outputs: [port('output', only('i32', 'i64'))],
  since: { opset1: { attributes: {} }, opset3: current },
  infer: ({ data }, { output_type }, ctx) =>
    data.shape ? { type: output_type, shape: [data.shape.length], elements: data.shape } : { type: output_type, shape: [ctx.fresh(0)] },
  evaluate: ({ data }, { output_type }) => Literal.from(output_type, [data.shape.length], data.shape).nd(),
});
