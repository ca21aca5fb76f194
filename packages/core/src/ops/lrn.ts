import { emptyElements } from '../tensor/convert.js';
import { normalizeAxis, numbersOf, stridesOf } from '../tensor/nd.js';
import { float, int } from './attributes.js';
import { constantAxes } from './movement.js';
import { floating, index, op, port } from './op.js';

/**
 * Local response normalisation: x / (bias + alpha / sizeⁿ · Σ x²)^beta, where the sum goes over `size` neighbours along
 * each of the n axes, cut off at the borders; without axes nothing is summed but x itself.
 * Spec: OpenVINO LRN-1.
 */
export const LRN = op('LRN', {
  attributes: { alpha: float(), beta: float(), bias: float(), size: int(undefined, { min: 1 }) },
  inputs: [port('data', floating), port('axes', index)],
  outputs: [port('output', floating)],

  infer({ data, axes }, _, ctx) {
    if (data.shape) constantAxes(ctx, axes, data.shape.length);
    return { type: data.type, shape: data.shape };
  },

  evaluate({ data, axes }, { alpha, beta, bias, size }) {
    const out = emptyElements(data.type, data.data.length) as Float32Array;
    const at = numbersOf(axes).map((a) => normalizeAxis(a, data.shape.length));
    const strides = stridesOf(data.shape);
    const area = size ** at.length;
    for (let i = 0; i < out.length; i++) {
      // Offsets of the neighbours, one axis after the other.
      let places = [i];
      for (const axis of at) {
        const [stride, length] = [strides[axis] as number, data.shape[axis] as number];
        const here = Math.floor(i / stride) % length;
        const from = Math.max(0, here - Math.floor((size - 1) / 2)) - here;
        const to = Math.min(length - 1, here + Math.ceil((size - 1) / 2)) - here;
        places = places.flatMap((p) => Array.from({ length: to - from + 1 }, (_, k) => p + (from + k) * stride));
      }
      const sum = places.reduce((s, p) => s + (data.data[p] as number) ** 2, 0);
      out[i] = (data.data[i] as number) / (bias + (alpha / area) * sum) ** beta;
    }
    return { ...data, data: out };
  },
});
