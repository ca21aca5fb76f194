import { any, op, port } from './op.js';

/** The data as it is. Spec: OpenVINO Identity-16. */
export const Identity = op('Identity', {
  inputs: [port('data', any)],
  outputs: [port('output', any)],
  since: { opset16: {} },
  infer: ({ data }) => data,
  evaluate: ({ data }) => data,
  decompose: (_, { data }) => data,
  traits: { moves: true, inPlace: 'data' },
});
