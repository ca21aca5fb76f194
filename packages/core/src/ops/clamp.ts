import { elementsOf } from '../ir/infer.js';
import { clampElement } from '../shape/index.js';
import { isInteger } from '../tensor/element.js';
import { float } from './attributes.js';
import { holdsSizes, isWide, map } from './elementwise.js';
import { numeric, op, port } from './op.js';

/**
 * min(max(x, min), max). For integers the bounds are rounded inwards and limited to what the type holds. NaN stays NaN.
 * Spec: OpenVINO Clamp-1.
 */
export const Clamp = op('Clamp', {
  attributes: { min: float(), max: float() },
  inputs: [port('data', numeric)],
  outputs: [port('output', numeric)],
  check: ({ min: lo, max: hi }) => (lo > hi ? `min ${lo} is above max ${hi}` : undefined),

  infer({ data }, { min: lo, max: hi }) {
    const elements = !holdsSizes(data.type) ? undefined : elementsOf(data)?.map((e) => clampElement(e, Math.ceil(lo), Math.floor(hi)));
    return { type: data.type, shape: data.shape, ...(elements && { elements }) };
  },

  evaluate({ data }, { min: lo, max: hi }) {
    if (isWide(data.type)) {
      const [least, most] = data.type === 'u64' ? [0, 2 ** 64] : [-(2 ** 63), 2 ** 63];
      const low = lo <= least ? undefined : BigInt(Math.ceil(lo));
      const high = hi >= most ? undefined : BigInt(Math.max(least, Math.floor(hi)));
      return map(data, data.type, (x: bigint) => (low !== undefined && x < low ? low : high !== undefined && x > high ? high : x));
    }
    const [low, high] = isInteger(data.type) ? [Math.ceil(lo), Math.floor(hi)] : [lo, hi];
    return map(data, data.type, (x: number) => (x < low ? low : x > high ? high : x));
  },

  traits: { elementwise: true, inPlace: 'data' },
});
