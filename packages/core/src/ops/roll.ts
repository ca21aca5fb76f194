import { type Dim } from '../shape/index.js';
import { normalizeAxis, numbersOf, type NdArray } from '../tensor/nd.js';
import { CuveeError } from '../errors.js';
import { inferAxis, taken } from './movement.js';
import { any, index, op, port } from './op.js';
import { counting, sizesOf, sizeValue } from './sizes.js';

/** Shifts circularly along axes: the element at place p goes to (p + shift) mod n. One shift for all axes, or one each; an axis may come twice. Spec: OpenVINO Roll-7. */
export const Roll = op('Roll', {
  inputs: [port('data', any), port('shift', index, [0, 1]), port('axes', index, [0, 1])],
  outputs: [port('output', any)],
  since: { opset7: {} },

  infer({ data, shift, axes }, _, ctx) {
    if (shift.shape?.length === 1 && axes.shape?.length === 1 && shift.shape[0] !== 1)
      ctx.requireEqual('the numbers of shifts and axes', shift.shape[0] as Dim, axes.shape[0] as Dim);
    const { shape } = data;
    if (shape) ctx.constants(axes)?.forEach((a) => inferAxis(ctx, a, shape.length));
    return { type: data.type, shape };
  },

  evaluate({ data, shift, axes }) {
    const shifts = numbersOf(shift);
    const along = numbersOf(axes);
    if (shifts.length !== 1 && shifts.length !== along.length)
      throw new CuveeError('ARGUMENT_INVALID', `${shifts.length} shifts given for ${along.length} axes`);
    return along.reduce((x: NdArray, axis, i) => {
      const at = normalizeAxis(axis, x.shape.length);
      const n = x.shape[at] as number;
      const s = shifts.length === 1 ? (shifts[0] as number) : (shifts[i] as number);
      return taken(
        x,
        at,
        Array.from({ length: n }, (_, p) => (((p - s) % n) + n) % n),
      );
    }, data);
  },

  /** Each axis gathers at (p - shift) mod n. */
  decompose(g, { data, shift, axes }) {
    const known = axes.fact.value;
    const sizes = sizesOf(g, data);
    const count = shift.fact.shape?.length === 0 ? 1 : shift.fact.shape?.[0];
    if (!known || !sizes || typeof count !== 'number') return undefined;
    const shifts = g.reshape(g.cast(shift, 'i64'), g.ints([-1]), {});
    return numbersOf(known.nd()).reduce((x, axis, i) => {
      const n = sizes[normalizeAxis(axis, sizes.length)] as (typeof sizes)[number];
      const s = count === 1 ? shifts : g.slice(shifts, g.ints([i]), g.ints([i + 1]), g.ints([1]), undefined, {});
      return g.gather(x, g.floorMod(g.subtract(counting(g, n), s, {}), sizeValue(g, n), {}), g.constant('i64', [], [axis]), {});
    }, data);
  },

  traits: { moves: true },
});
