import { bool } from './attributes.js';
import { map } from './elementwise.js';
import { boolean, floating, op, port } from './op.js';

/** Whether x is an infinity of one of the signs asked for. Spec: OpenVINO IsInf-10. */
export const IsInf = op('IsInf', {
  attributes: { detect_negative: bool(true), detect_positive: bool(true) },
  inputs: [port('data', floating)],
  outputs: [port('output', boolean)],
  since: { opset10: {} },
  infer: ({ data }) => ({ type: 'boolean', shape: data.shape }),
  evaluate: ({ data }, { detect_negative, detect_positive }) =>
    map(data, 'boolean', (x: number) => Number((detect_positive && x === Number.POSITIVE_INFINITY) || (detect_negative && x === Number.NEGATIVE_INFINITY))),
  traits: { elementwise: true },
});
