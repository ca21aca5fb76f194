import type { Fact } from '../ir/fact.js';
import {
  fromPairs,
  graphPlan,
  pairsOf,
  partsOf,
  plan,
  toPairs,
  transform,
  transformGraph,
  transformedShape,
  type Parts,
} from './fourier.js';
import { floating, index, op, optional, port } from './op.js';

/**
 * Discrete Fourier transform of complex numbers, which are pairs along the last axis: X[k] = Σ x[j]·exp(-2πi·jk/n) along each of the given
 * axes. `signal_size` cuts an axis or fills it with zeros first; -1 leaves it.
 * Spec: OpenVINO DFT-7.
 */
export const DFT = op('DFT', {
  inputs: [port('data', floating), port('axes', index), optional('signal_size', index)],
  outputs: [port('output', floating)],
  since: { opset7: {} },

  infer({ data, axes, signal_size }, _, ctx): Fact {
    if (!data.shape) return { type: data.type, shape: undefined };
    const shape = transformedShape(ctx, data.shape.slice(0, -1), axes, signal_size);
    return { type: data.type, shape: shape && [...shape, 2] };
  },

  evaluate({ data, axes, signal_size }) {
    const x = fromPairs(data);
    const { axes: along, lengths } = plan(x.shape, axes, signal_size);
    return toPairs(
      along.reduce((y, axis, i) => transform(y, axis, lengths[i] ?? (y.shape[axis] as number), false), x),
      data.type,
    );
  },

  decompose(g, { data, axes, signal_size }) {
    const rank = data.fact.shape?.length;
    const steps = rank === undefined ? undefined : graphPlan(rank - 1, axes, signal_size);
    const parts = steps?.reduce<Parts | undefined>(
      (x, { axis, length }) => x && transformGraph(g, x, axis, length, false),
      partsOf(g, data),
    );
    return parts && pairsOf(g, parts);
  },
});
