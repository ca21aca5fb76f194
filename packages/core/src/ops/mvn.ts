import { staticShape } from '../ir/fact.js';
import { emptyElements } from '../tensor/convert.js';
import { normalizeAxis, numbersOf, sizeOf, stridedOffsets, stridesOf } from '../tensor/nd.js';
import { bool, float, ints, oneOf } from './attributes.js';
import { current, floating, index, op, port } from './op.js';

/**
 * Mean-variance normalisation over the axes: x - mean, and with `normalize_variance` divided by √(variance + eps) or, for
 * OUTSIDE_SQRT, by √variance + eps.
 *
 * MVN-2 names its axes in an attribute: those given, or all from 2 on, with axis 1 when `across_channels`; eps is inside the root.
 * Spec: OpenVINO MVN-6.
 */
export const MVN = op('MVN', {
  attributes: { normalize_variance: bool(), eps: float(), eps_mode: oneOf(['INSIDE_SQRT', 'OUTSIDE_SQRT', 'inside_sqrt', 'outside_sqrt']) },
  inputs: [port('data', floating), port('axes', index)],
  outputs: [port('output', floating)],
  since: {
    opset2: {
      attributes: { across_channels: bool(false), normalize_variance: bool(true), eps: float(), reduction_axes: ints([]) },
      rebuild(g, [data], { across_channels, normalize_variance, eps, reduction_axes }) {
        const listed = reduction_axes as readonly number[];
        const rank = data?.fact.shape?.length ?? 4;
        const spatial = Array.from({ length: rank - 2 }, (_, i) => i + 2);
        const axes = listed.length > 0 ? listed : across_channels === true ? [1, ...spatial] : spatial;
        return g.node('MVN', [data, g.ints(axes)], { normalize_variance, eps, eps_mode: 'INSIDE_SQRT' });
      },
    },
    opset6: current,
  },

  infer({ data, axes }, _, ctx) {
    const rank = data.shape?.length;
    if (rank !== undefined) ctx.constants(axes)?.forEach((a) => normalizeAxis(a, rank));
    if ((staticShape(axes.shape)?.length ?? 1) > 1) return ctx.fail('axes must be a list');
    return { type: data.type, shape: data.shape };
  },

  evaluate({ data, axes }, { normalize_variance, eps, eps_mode }) {
    const at = new Set(numbersOf(axes).map((a) => normalizeAxis(a, data.shape.length)));
    const strides = stridesOf(data.shape);
    const among = (reduced: boolean): Int32Array => {
      const keep = (_: unknown, i: number): boolean => at.has(i) === reduced;
      return stridedOffsets(data.shape.filter(keep), strides.filter(keep));
    };
    const [outer, inner] = [among(false), among(true)];
    const out = emptyElements(data.type, sizeOf(data.shape)) as Float32Array;
    for (const base of outer) {
      const x = Float64Array.from(inner, (i) => data.data[base + i] as number);
      const mean = x.reduce((a, b) => a + b, 0) / x.length;
      const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
      const divisor = !normalize_variance
        ? 1
        : eps_mode.toUpperCase() === 'INSIDE_SQRT'
          ? Math.sqrt(variance + eps)
          : Math.sqrt(variance) + eps;
      inner.forEach((i, k) => {
        out[base + i] = ((x[k] as number) - mean) / divisor;
      });
    }
    return { ...data, data: out };
  },

  traits: { inPlace: 'data' },
});
