import { constantAxes } from './movement.js';
import { emptyElements } from '../tensor/convert.js';
import { normalizeAxis, numbersOf, stridedOffsets, stridesOf } from '../tensor/nd.js';
import { float, oneOf } from './attributes.js';
import { floating, index, op, port } from './op.js';

/**
 * x / √(Σ x² + eps), or x / √max(Σ x², eps), the sum being over the axes; with no axes each element is its own sum.
 * Spec: OpenVINO NormalizeL2-1.
 */
export const NormalizeL2 = op('NormalizeL2', {
  attributes: { eps: float(), eps_mode: oneOf(['add', 'max']) },
  inputs: [port('data', floating), port('axes', index)],
  outputs: [port('output', floating)],

  infer({ data, axes }, _, ctx) {
    if (data.shape) constantAxes(ctx, axes, data.shape.length);
    return { type: data.type, shape: data.shape };
  },

  evaluate({ data, axes }, { eps, eps_mode }) {
    const at = new Set(numbersOf(axes).map((a) => normalizeAxis(a, data.shape.length)));
    const strides = stridesOf(data.shape);
    const among = (reduced: boolean): Int32Array => {
      const keep = (_: unknown, i: number): boolean => at.has(i) === reduced;
      return stridedOffsets(data.shape.filter(keep), strides.filter(keep));
    };
    const [outer, inner] = [among(false), among(true)];
    const out = emptyElements(data.type, data.data.length) as Float32Array;
    for (const base of outer) {
      const sum = inner.reduce((s, i) => s + (data.data[base + i] as number) ** 2, 0);
      const norm = Math.sqrt(eps_mode === 'add' ? sum + eps : Math.max(sum, eps));
      for (const i of inner) out[base + i] = (data.data[base + i] as number) / norm;
    }
    return { ...data, data: out };
  },

  decompose(g, { data, axes }, { eps, eps_mode }) {
    const sum = g.reduceSum(g.multiply(data, data), axes, { keep_dims: true });
    const e = g.scalar(eps, data);
    return g.divide(data, g.sqrt(eps_mode === 'add' ? g.add(sum, e) : g.maximum(sum, e)));
  },
});
