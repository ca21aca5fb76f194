import { convert, convertKnown } from './convert.js';
import { any, numericOrBoolean, op, port } from './op.js';

/** The first input in the element type of the second, whose values do not matter. Spec: OpenVINO ConvertLike-1. */
export const ConvertLike = op('ConvertLike', {
  inputs: [port('data', numericOrBoolean), port('like', any)],
  outputs: [port('output', numericOrBoolean)],
  infer: ({ data, like }) => ({ type: like.type, shape: data.shape, ...(like.type !== 'dynamic' && convertKnown(data, like.type)) }),
  evaluate: ({ data, like }) => convert(data, like.type),
  decompose: (g, { data, like }) => (like.fact.type === 'dynamic' ? undefined : g.convert(data, { destination_type: like.fact.type })),
  traits: { elementwise: true },
});
