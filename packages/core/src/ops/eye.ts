import { bounds, type Dim } from '../shape/index.js';
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import { Literal } from '../tensor/literal.js';
import { numberOf, numbersOf, sizeOf } from '../tensor/nd.js';
import { elementType } from './attributes.js';
import { index, numericOrBoolean, op, optional, port } from './op.js';
import { shapeValue } from './sizes.js';
import { knownScalar } from './top-k.js';

const size = (ctx: Infer, f: Fact, axis: number): Dim => {
  const d = knownScalar(f);
  if (typeof d === 'number' && d < 0) ctx.fail(`there are ${d} ${axis === 0 ? 'rows' : 'columns'}`);
  return d === undefined || bounds(d)[0] < 0 ? ctx.fresh(axis) : d;
};

/** Ones on the diagonal `diagonal_index` (positive: above the main one), zeros elsewhere; repeated for every index of `batch_shape`. Spec: OpenVINO Eye-9. */
export const Eye = op('Eye', {
  attributes: { output_type: elementType() },
  inputs: [
    port('num_rows', index, 'one'),
    port('num_columns', index, 'one'),
    port('diagonal_index', index, 'one'),
    optional('batch_shape', index, 1),
  ],
  outputs: [port('output', numericOrBoolean)],
  since: { opset9: {} },

  infer({ num_rows, num_columns, batch_shape }, { output_type }, ctx) {
    const batch = batch_shape ? ctx.dims(batch_shape) : [];
    const count = batch_shape?.shape?.[0];
    if (!batch) return { type: output_type, shape: typeof count === 'number' ? ctx.freshShape(count + 2) : undefined };
    return { type: output_type, shape: [...batch, size(ctx, num_rows, batch.length), size(ctx, num_columns, batch.length + 1)] };
  },

  evaluate({ num_rows, num_columns, diagonal_index, batch_shape }, { output_type }) {
    const rows = Math.max(0, numberOf(num_rows));
    const columns = Math.max(0, numberOf(num_columns));
    const k = numberOf(diagonal_index);
    const shape = [...(batch_shape ? numbersOf(batch_shape) : []), rows, columns];
    return Literal.from(
      output_type,
      shape,
      Array.from({ length: sizeOf(shape) }, (_, i) => Number((Math.floor(i / columns) % rows) + k === i % columns)),
    ).nd();
  },

  decompose(g, { num_rows, num_columns, diagonal_index, batch_shape }, { output_type }) {
    const scalar = (v: typeof num_rows): typeof num_rows => g.reshape(g.cast(v, 'i64'), g.ints([]), {});
    const [rows, columns, k] = [num_rows, num_columns, diagonal_index].map(scalar) as [typeof num_rows, typeof num_rows, typeof num_rows];
    const zero = g.constant('i64', [], [0]);
    const one = g.constant('i64', [], [1]);
    const row = g.unsqueeze(g.add(g.range(zero, rows, one, { output_type: 'i64' }), k, {}), g.ints([1]), {});
    const matrix = g.cast(g.equal(row, g.range(zero, columns, one, { output_type: 'i64' }), {}), output_type);
    if (!batch_shape) return matrix;
    const flat = (v: typeof num_rows): typeof num_rows => g.reshape(v, g.ints([1]), {});
    return g.broadcast(matrix, shapeValue(g, [g.cast(batch_shape, 'i64'), flat(rows), flat(columns)]), undefined, {});
  },
});
