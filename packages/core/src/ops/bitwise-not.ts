import { map } from './elementwise.js';
import { integerOrBoolean, op, port } from './op.js';

/** Every bit of x inverted; on booleans the logical operation. Spec: OpenVINO BitwiseNot-13. */
export const BitwiseNot = op('BitwiseNot', {
  inputs: [port('data', integerOrBoolean)],
  outputs: [port('output', integerOrBoolean)],
  since: { opset13: {} },
  infer: ({ data }) => ({ type: data.type, shape: data.shape }),
  evaluate: ({ data }) => map(data, data.type, (x: number | bigint) => (data.type === 'boolean' ? Number(x === 0) : ~x)),
  traits: { elementwise: true, inPlace: 'data' },
});
