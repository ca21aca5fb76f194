import type { Fact } from '../ir/fact.js';
import { fromReal, graphPlan, halfOf, pairsOf, plan, toPairs, transform, transformGraph, transformedShape, type Parts } from './fourier.js';
import { floating, index, op, optional, port } from './op.js';

/**
 * Discrete Fourier transform of real numbers along the given axes; of the last of them only entries 0..⌊n/2⌋ are kept, the others being
 * their conjugates. The output has pairs along a new last axis. `signal_size` as in DFT.
 * Spec: OpenVINO RDFT-9.
 */
export const RDFT = op('RDFT', {
  inputs: [port('data', floating), port('axes', index, 1), optional('signal_size', index, 1)],
  outputs: [port('output', floating)],
  since: { opset9: {} },

  infer({ data, axes, signal_size }, _, ctx): Fact {
    if (!data.shape) return { type: data.type, shape: undefined };
    const shape = transformedShape(ctx, data.shape, axes, signal_size, (own, given) => halfOf(given ?? own));
    return { type: data.type, shape: shape && [...shape, 2] };
  },

  evaluate({ data, axes, signal_size }) {
    const { axes: along, lengths } = plan(data.shape, axes, signal_size);
    const last = along.length - 1;
    const result = along.reduceRight((y, axis, i) => {
      const n = lengths[i] ?? (y.shape[axis] as number);
      return transform(y, axis, n, false, i === last ? Math.floor(n / 2) + 1 : n);
    }, fromReal(data));
    return toPairs(result, data.type);
  },

  decompose(g, { data, axes, signal_size }) {
    const rank = data.fact.shape?.length;
    const steps = rank === undefined ? undefined : graphPlan(rank, axes, signal_size);
    const parts = steps?.reduceRight<Parts | undefined>(
      (x, { axis, length }, i) => x && transformGraph(g, x, axis, length, false, i === steps.length - 1),
      { re: data, im: undefined },
    );
    return parts && pairsOf(g, parts);
  },
});
