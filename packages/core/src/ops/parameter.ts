import { createPartialShape } from './shape-text.js';
import { elementType, literal, shape } from './attributes.js';
import { any, op, port } from './op.js';

/**
 * A model input: its element type and partial shape, the only place where ranges of dimensions are written down.
 * Spec: OpenVINO Parameter-1.
 */
export const Parameter = op('Parameter', {
  attributes: { shape: shape(), element_type: elementType() },
  inputs: [],
  outputs: [port('output', any)],
  infer: (_, { shape: text, element_type }, ctx) => ({ type: element_type, shape: createPartialShape(text, ctx) }),
  traits: { impure: true },
});

/** A constant. Its bytes may still lie in a file. Spec: OpenVINO Constant-1. */
export const Constant = op('Constant', {
  xmlName: 'Const',
  attributes: { value: literal() },
  inputs: [],
  outputs: [port('output', any)],
  infer: (_, { value }) => ({ type: value.type, shape: value.shape, value }),
  evaluate: (_, { value }) => value.nd(),
});

/** A model output. Spec: OpenVINO Result-1. */
export const Result = op('Result', {
  inputs: [port('value', any)],
  outputs: [port('output', any)],
  infer: ({ value }) => value,
  evaluate: ({ value }) => value,
});
