import { map } from './elementwise.js';
import { boolean, floating, op, port } from './op.js';

/** Whether x is NaN. Spec: OpenVINO IsNaN-10. */
export const IsNaN = op('IsNaN', {
  inputs: [port('data', floating)],
  outputs: [port('output', boolean)],
  since: { opset10: {} },
  infer: ({ data }) => ({ type: 'boolean', shape: data.shape }),
  evaluate: ({ data }) => map(data, 'boolean', (x: number) => Number(Number.isNaN(x))),
  decompose: (g, { data }) => g.notEqual(data, data),
  traits: { elementwise: true },
});
