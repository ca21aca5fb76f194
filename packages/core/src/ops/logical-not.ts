import { unaryElements } from '../shape/index.js';
import { elementsOf } from '../ir/infer.js';
import { map } from './elementwise.js';
import { boolean, op, port } from './op.js';

/** Not a. Spec: OpenVINO LogicalNot-1. */
export const LogicalNot = op('LogicalNot', {
  inputs: [port('data', boolean)],
  outputs: [port('output', boolean)],

  infer({ data }) {
    const elements = elementsOf(data)?.map(unaryElements.not);
    return { type: 'boolean', shape: data.shape, ...(elements && { elements }) };
  },

  evaluate: ({ data }) => map(data, 'boolean', (x: number) => (x === 0 ? 1 : 0)),
  traits: { elementwise: true, inPlace: 'data' },
});
