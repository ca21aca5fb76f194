import { floorDiv, mul, type Dim } from '../shape/index.js';
import { numberOf, normalizeAxis } from '../tensor/nd.js';
import { int } from './attributes.js';
import { CuveeError } from '../errors.js';
import { inferAxis, taken } from './movement.js';
import { any, index, many, op, port } from './op.js';

/** Cuts one axis into `num_splits` equal parts. Spec: OpenVINO Split-1. */
export const Split = op('Split', {
  attributes: { num_splits: int(undefined, { min: 1 }) },
  inputs: [port('data', any, { least: 1 }), port('axis', index, 'one')],
  outputs: [many('outputs', any)],

  infer({ data, axis }, { num_splits }, ctx) {
    const { type, shape } = data;
    const at = ctx.constants(axis)?.[0];
    const part = (output: number): readonly Dim[] | undefined => {
      if (!shape) return undefined;
      if (at === undefined) return ctx.freshShape(shape.length, output);
      const along = inferAxis(ctx, at, shape.length);
      const n = shape[along] as Dim;
      const length = floorDiv(n, num_splits);
      ctx.requireEqual(`axis ${along} and ${num_splits} equal parts of it`, n, mul(length, num_splits));
      return shape.map((d, i) => (i === along ? length : d));
    };
    return Array.from({ length: num_splits }, (_, i) => ({ type, shape: part(i) }));
  },

  evaluate({ data, axis }, { num_splits }) {
    const along = normalizeAxis(numberOf(axis), data.shape.length);
    const length = (data.shape[along] as number) / num_splits;
    if (!Number.isInteger(length))
      throw new CuveeError('SHAPE_MISMATCH', `axis ${along} of length ${data.shape[along]} cannot be cut into ${num_splits} equal parts`);
    return Array.from({ length: num_splits }, (_, i) =>
      taken(
        data,
        along,
        Array.from({ length }, (_, k) => i * length + k),
      ),
    );
  },

  traits: { moves: true },
});
