import { map } from './elementwise.js';
import { boolean, floating, op, port } from './op.js';

/** Whether x is neither infinite nor NaN. Spec: OpenVINO IsFinite-10. */
export const IsFinite = op('IsFinite', {
  inputs: [port('data', floating)],
  outputs: [port('output', boolean)],
  since: { opset10: {} },
  infer: ({ data }) => ({ type: 'boolean', shape: data.shape }),
  evaluate: ({ data }) => map(data, 'boolean', (x: number) => Number(Number.isFinite(x))),
  decompose: (g, { data }) => g.less(g.abs(data), g.scalar(Number.POSITIVE_INFINITY, data)),
  traits: { elementwise: true },
});
