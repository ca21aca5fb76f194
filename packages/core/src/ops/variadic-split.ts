import { add, bounds, isNonNegative, max, select, sub, type Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { normalizeAxis, numberOf, numbersOf } from '../tensor/nd.js';
import { inferAxis, taken } from './movement.js';
import { any, index, many, op, port } from './op.js';

/** Cuts one axis into parts of the given lengths; one of them may be -1: what the others leave. Spec: OpenVINO VariadicSplit-1. */
export const VariadicSplit = op('VariadicSplit', {
  inputs: [port('data', any, { least: 1 }), port('axis', index, 'one'), port('split_lengths', index, 1)],
  outputs: [many('outputs', any)],

  infer({ data, axis, split_lengths }, _, ctx) {
    const { type, shape } = data;
    const at = ctx.constants(axis)?.[0];
    const given = ctx.dims(split_lengths);
    const count = given?.length ?? split_lengths.shape?.[0];
    if (typeof count !== 'number') return ctx.fail('the number of parts must be known');
    if (!shape) return Array.from({ length: count }, () => ({ type, shape: undefined }));
    const along = at === undefined ? undefined : inferAxis(ctx, at, shape.length);
    if (along === undefined || !given) {
      return Array.from({ length: count }, (_, output) => ({
        type,
        shape: shape.map((d, i) => (along === undefined || i === along ? ctx.fresh(i, [0, Math.max(0, bounds(d)[1])], output) : d)),
      }));
    }
    const n = shape[along] as Dim;
    const open = given.map((d) => typeof d !== 'number' && bounds(d)[0] < 0);
    if (open.includes(true)) {
      // A length that the run gives may turn out to be the -1.
      const total = add(0, ...given);
      const lengths = given.map((d, i) =>
        open[i] || d === -1 ? select(isNonNegative(d), d, max(0, sub(shape[along] as Dim, sub(total, d)))) : d,
      );
      return lengths.map((length) => ({ type, shape: shape.map((d, i) => (i === along ? max(0, length) : d)) }));
    }
    if (given.some((d) => typeof d === 'number' && d < -1) || given.filter((d) => d === -1).length > 1)
      ctx.fail(`the lengths ${given.join(',')} must not be negative, save one that is -1`);
    const rest = given.indexOf(-1);
    const others = add(0, ...given.filter((_, i) => i !== rest));
    if (rest < 0) ctx.requireEqual(`axis ${along} and the sum of its parts`, n, others);
    if (typeof n === 'number' && typeof others === 'number' && others > n)
      ctx.fail(`the parts take ${others} of the ${n} places of axis ${along}`);
    const lengths = given.map((d, i) => (i === rest ? max(0, sub(n, others)) : d));
    return lengths.map((length) => ({ type, shape: shape.map((d, i) => (i === along ? length : d)) }));
  },

  evaluate({ data, axis, split_lengths }) {
    const along = normalizeAxis(numberOf(axis), data.shape.length);
    const n = data.shape[along] as number;
    const given = numbersOf(split_lengths);
    const others = given.reduce((sum, d) => (d === -1 ? sum : sum + d), 0);
    const rest = given.includes(-1);
    if (others > n || (!rest && others < n))
      throw new CuveeError('SHAPE_MISMATCH', `parts ${given.join(',')} do not fill axis ${along} of length ${n}`);
    let from = 0;
    return given.map((d) => {
      const length = d === -1 ? n - others : d;
      const start = from;
      from += length;
      return taken(
        data,
        along,
        Array.from({ length }, (_, k) => start + k),
      );
    });
  },

  traits: { moves: true },
});
