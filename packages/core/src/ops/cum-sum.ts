import { elementsOf } from '../ir/infer.js';
import { cumulativeElements } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { normalizeAxis, numberOf, sizeOf } from '../tensor/nd.js';
import { bool } from './attributes.js';
import { holdsSizes, isWide } from './elementwise.js';
import { index, numeric, op, port } from './op.js';

/**
 * Sums up to each element along one axis: without itself when `exclusive`, from the end when `reverse`.
 * Spec: OpenVINO CumSum-3.
 */
export const CumSum = op('CumSum', {
  attributes: { exclusive: bool(false), reverse: bool(false) },
  inputs: [port('data', numeric), port('axis', index, 'one')],
  outputs: [port('output', numeric)],
  since: { opset3: {} },

  infer({ data }, { exclusive, reverse }) {
    const elements = data.shape?.length === 1 && holdsSizes(data.type) ? elementsOf(data) : undefined;
    return { type: data.type, shape: data.shape, ...(elements && { elements: cumulativeElements(elements, exclusive, reverse) }) };
  },

  evaluate({ data, axis }, { exclusive, reverse }) {
    const at = normalizeAxis(numberOf(axis), data.shape.length);
    const out = emptyElements(data.type, data.data.length) as unknown as (number | bigint)[];
    const [outer, length, inner] = [sizeOf(data.shape.slice(0, at)), data.shape[at] ?? 1, sizeOf(data.shape.slice(at + 1))];
    const zero = isWide(data.type) ? 0n : 0;
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        let sum: number | bigint = zero;
        for (let k = 0; k < length; k++) {
          const place = (o * length + (reverse ? length - 1 - k : k)) * inner + i;
          const x = data.data[place] as never;
          const next: number | bigint = (sum as never) + x;
          out[place] = exclusive ? sum : next;
          sum = next;
        }
      }
    }
    return { ...data, data: out as never };
  },
});
