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
    map(data, 'boolean', (x: number) =>
      Number((detect_positive && x === Number.POSITIVE_INFINITY) || (detect_negative && x === Number.NEGATIVE_INFINITY)),
    ),
  decompose(g, { data }, { detect_negative, detect_positive }) {
    const infinity = g.scalar(Number.POSITIVE_INFINITY, data);
    if (detect_negative && detect_positive) return g.equal(g.abs(data), infinity);
    if (detect_positive) return g.equal(data, infinity);
    return detect_negative ? g.equal(g.negative(data), infinity) : g.less(infinity, data);
  },
  traits: { elementwise: true },
});
