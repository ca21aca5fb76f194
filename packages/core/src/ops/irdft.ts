import { isAtLeast } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import type { Fact } from '../ir/fact.js';
import {
  fromHalf,
  fromHalfGraph,
  fromPairs,
  graphPlan,
  partsOf,
  plan,
  toReal,
  transform,
  transformGraph,
  transformedShape,
  wholeOf,
  type Parts,
  requirePairs,
} from './fourier.js';
import { floating, index, op, optional, port } from './op.js';

/**
 * The real numbers whose RDFT along the given axes is the data: pairs along the last axis, half spectra along the last of the axes. That
 * axis becomes 2·(n - 1) long unless `signal_size` says otherwise.
 * Spec: OpenVINO IRDFT-9.
 */
export const IRDFT = op('IRDFT', {
  inputs: [port('data', floating, { least: 2 }), port('axes', index, 1), optional('signal_size', index, 1)],
  outputs: [port('output', floating)],
  since: { opset9: {} },

  infer({ data, axes, signal_size }, _, ctx): Fact {
    if (!data.shape) return { type: data.type, shape: undefined };
    requirePairs(ctx, data.shape);
    return {
      type: data.type,
      shape: transformedShape(ctx, data.shape.slice(0, -1), axes, signal_size, (own, given) => {
        ctx.require('the transformed axis has elements', isAtLeast(own, 1));
        return given ?? wholeOf(own);
      }),
    };
  },

  evaluate({ data, axes, signal_size }) {
    const x = fromPairs(data);
    const { axes: along, lengths } = plan(x.shape, axes, signal_size);
    const last = along.length - 1;
    const result = along.reduce((y, axis, i) => {
      const own = y.shape[axis] as number;
      if (own === 0) throw new CuveeError('SHAPE_MISMATCH', `axis ${axis} has no elements to transform`);
      return i === last ? fromHalf(y, axis, lengths[i] ?? 2 * (own - 1)) : transform(y, axis, lengths[i] ?? own, true);
    }, x);
    return toReal(result, data.type);
  },

  decompose(g, { data, axes, signal_size }) {
    const rank = data.fact.shape?.length;
    const steps = rank === undefined ? undefined : graphPlan(rank - 1, axes, signal_size);
    const end = steps?.[steps.length - 1];
    if (!steps || !end) return undefined;
    const parts = steps
      .slice(0, -1)
      .reduce<Parts | undefined>((x, { axis, length }) => x && transformGraph(g, x, axis, length, true), partsOf(g, data));
    return parts && fromHalfGraph(g, parts, end.axis, end.length);
  },
});
