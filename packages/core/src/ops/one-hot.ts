import { bounds } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { numberOf, numbersOf, sizeOf, moved } from '../tensor/nd.js';
import { int, oneOf } from './attributes.js';
import { sameType } from './elementwise.js';
import { knownScalar } from './top-k.js';
import { any, current, index, op, port } from './op.js';

/**
 * A new axis of length `depth`, `on_value` at each index and `off_value` elsewhere; an index outside gives no `on_value` at all.
 *
 * A negative index counts from the end with `negative_indices_mode: normalize` (OneHot-16); otherwise it is outside.
 * Spec: OpenVINO OneHot-16.
 */
export const OneHot = op('OneHot', {
  attributes: { axis: int(), negative_indices_mode: oneOf(['ignore_negative', 'normalize'], 'ignore_negative') },
  inputs: [port('indices', index), port('depth', index, 'one'), port('on_value', any, 'one'), port('off_value', any, 'one')],
  outputs: [port('output', any)],
  since: { opset1: { attributes: { axis: int() } }, opset16: current },

  infer({ indices, depth, on_value, off_value }, { axis }, ctx) {
    const type = sameType(ctx, on_value, off_value);
    const { shape } = indices;
    if (!shape) return { type, shape: undefined };
    const at = axis < 0 ? axis + shape.length + 1 : axis;
    if (at < 0 || at > shape.length) ctx.fail(`axis ${axis} is outside the output's rank ${shape.length + 1}`);
    const length = knownScalar(depth) ?? ctx.fresh(at);
    if (bounds(length)[1] < 0) ctx.fail(`the depth is ${String(length)}`);
    return { type, shape: [...shape.slice(0, at), length, ...shape.slice(at)] };
  },

  evaluate({ indices, depth, on_value, off_value }, { axis, negative_indices_mode }) {
    const length = numberOf(depth);
    if (length < 0) throw new CuveeError('ARGUMENT_INVALID', `the depth is ${length}`);
    const at = axis < 0 ? axis + indices.shape.length + 1 : axis;
    const out = moved(on_value, [...indices.shape.slice(0, at), length, ...indices.shape.slice(at)]);
    for (let i = 0; i < out.data.length; i++) out.data[i] = off_value.data[0] as never;
    const inner = sizeOf(indices.shape.slice(at));
    numbersOf(indices).forEach((given, i) => {
      const p = given < 0 && negative_indices_mode === 'normalize' ? given + length : given;
      if (p >= 0 && p < length) out.data[(Math.floor(i / inner) * length + p) * inner + (i % inner)] = on_value.data[0] as never;
    });
    return out;
  },
});
