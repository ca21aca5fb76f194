import { decide, type Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { bool } from './attributes.js';
import { axesIn, constantAxes } from './movement.js';
import { any, current, index, op, optional, port } from './op.js';

/**
 * Takes out axes of size 1: those given, or every one.
 *
 * With `allow_axis_skip` (Squeeze-15) a given axis of another size stays; otherwise it is an error. Without axes, or with skipping,
 * the rank is only known when it is decided for each dimension whether it is 1.
 * Spec: OpenVINO Squeeze-15.
 */
export const Squeeze = op('Squeeze', {
  attributes: { allow_axis_skip: bool(false) },
  inputs: [port('data', any), optional('axes', index)],
  outputs: [port('output', any)],
  since: { opset1: { attributes: {} }, opset15: current },

  infer({ data, axes }, { allow_axis_skip }, ctx) {
    const { type, shape } = data;
    if (!shape) return { type, shape: undefined };
    const given = axes ? constantAxes(ctx, axes, shape.length) : [];
    if (!given) return { type, shape: undefined };
    const all = given.length === 0;
    const asked = all ? shape.map((_, i) => i) : given;
    if (!all && !allow_axis_skip) {
      for (const a of asked) ctx.requireEqual(`squeezed dimension ${a}`, shape[a] as Dim, 1);
      return { type, shape: shape.filter((_, i) => !asked.includes(i)) };
    }
    const isOne = shape.map((d, i) => (asked.includes(i) ? decide.equal(d, 1) : false));
    if (isOne.includes(undefined)) return { type, shape: undefined };
    return { type, shape: shape.filter((_, i) => !isOne[i]) };
  },

  evaluate({ data, axes }, { allow_axis_skip }) {
    const given = axes ? axesIn(axes, data.shape.length) : [];
    const all = given.length === 0;
    const shape = data.shape.filter((d, i) => {
      if (!all && !given.includes(i)) return true;
      if (d !== 1 && !all && !allow_axis_skip)
        throw new CuveeError('SHAPE_MISMATCH', `axis ${i} has size ${d}, only size 1 can be squeezed`);
      return d !== 1;
    });
    return { ...data, shape };
  },

  traits: { moves: true, inPlace: 'data' },
});
