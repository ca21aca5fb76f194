import { sameType } from './elementwise.js';
import { bounds, type Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { Literal } from '../tensor/literal.js';
import { moved, numberOf, numbersOf } from '../tensor/nd.js';
import { any, boolean, index, op, port } from './op.js';

/**
 * A sparse matrix in which every row has an element: rows without one get `default_value` in column 0. Outputs: indices and values of
 * the result, row by row, and which rows were empty.
 * Spec: OpenVINO SparseFillEmptyRows-16.
 */
export const SparseFillEmptyRows = op('SparseFillEmptyRows', {
  inputs: [port('values', any, 1), port('dense_shape', index, 1), port('indices', index, 2), port('default_value', any, 'one')],
  outputs: [port('output_indices', index), port('output_values', any), port('empty_row_indicator', boolean)],
  since: { opset16: {} },

  infer({ values, dense_shape, indices, default_value }, _, ctx) {
    const type = sameType(ctx, values, default_value);
    if (indices.type !== dense_shape.type && indices.type !== 'dynamic' && dense_shape.type !== 'dynamic')
      ctx.typeMismatch(`indices are ${indices.type}, the shape ${dense_shape.type}`);
    ctx.match(['values', values, 'n'], ['dense_shape', dense_shape, '2'], ['indices', indices, 'n 2']);
    const rows = ctx.dims(dense_shape)?.[0] ?? ctx.fresh(0, undefined, 2);
    const known = ctx.constants(indices);
    let count: Dim;
    if (known && typeof rows === 'number') count = known.length / 2 + rows - new Set(known.filter((_, i) => i % 2 === 0)).size;
    else {
      const [lo, hi] = values.shape ? bounds(values.shape[0] as Dim) : [0, Number.POSITIVE_INFINITY];
      count = ctx.fresh(0, [Math.max(0, lo), hi + Math.max(0, bounds(rows)[1])]);
    }
    return [
      { type: indices.type, shape: [count, 2] },
      { type, shape: [count] },
      { type: 'boolean', shape: [rows] },
    ];
  },

  evaluate({ values, dense_shape, indices, default_value }) {
    const [rows] = numbersOf(dense_shape) as [number];
    const at = numbersOf(indices);
    if (default_value.data.length !== 1) numberOf(default_value);
    const entries = Array.from({ length: at.length / 2 }, (_, i) => ({
      row: at[2 * i] as number,
      column: at[2 * i + 1] as number,
      value: values.data[i] as unknown,
    }));
    const met = new Set(entries.map((e) => e.row));
    const wrong = entries.find((e) => e.row < 0 || e.row >= rows);
    if (wrong) throw new CuveeError('ARGUMENT_INVALID', `row ${wrong.row} is outside the ${rows} rows`);
    const empty = Array.from({ length: rows }, (_, row) => !met.has(row));
    empty.forEach((is, row) => {
      if (is) entries.push({ row, column: 0, value: default_value.data[0] });
    });
    entries.sort((a, b) => a.row - b.row);
    const out = moved(values, [entries.length]);
    entries.forEach((e, i) => {
      out.data[i] = e.value as never;
    });
    return [
      Literal.from(
        indices.type,
        [entries.length, 2],
        entries.flatMap((e) => [e.row, e.column]),
      ).nd(),
      out,
      Literal.from('boolean', [rows], empty).nd(),
    ];
  },

  /** The empty rows' entries come behind the others; a stable order by row puts them in place. */
  decompose(g, { values, dense_shape, indices, default_value }) {
    const at = g.cast(indices, 'i64');
    const column = (i: number): typeof at => g.slice(at, g.ints([i]), g.ints([i + 1]), g.ints([1]), g.ints([1]));
    const rows = g.slice(g.cast(dense_shape, 'i64'), g.ints([0]), g.ints([1]), g.ints([1]), undefined);
    const ones = g.broadcast(g.constant('i32', [], [1]), g.shapeOf(values), undefined);
    const met = g.scatterNDUpdate(g.broadcast(g.constant('i32', [], [0]), rows, undefined), column(0), ones, { reduction: 'sum' });
    const empty = g.equal(met, g.constant('i32', [], [0]));
    const filled = g.transpose(g.nonZero(empty, { output_type: 'i64' }), g.ints([1, 0]));
    const entries = g.concat([at, g.concat([filled, g.multiply(filled, g.ints([0]))], { axis: 1 })], { axis: 0 });
    const added = g.broadcast(
      g.reshape(default_value, g.ints([1])),
      g.slice(g.shapeOf(filled), g.ints([0]), g.ints([1]), g.ints([1]), undefined),
      undefined,
    );
    const all = g.concat([values, added], { axis: 0 });
    const keys = g.squeeze(g.slice(entries, g.ints([0]), g.ints([1]), g.ints([1]), g.ints([1])), g.ints([1]));
    const count = g.squeeze(g.shapeOf(keys), g.ints([0]));
    const [, order] = g.topK(keys, count, { axis: 0, mode: 'min', sort: 'value', index_element_type: 'i64', stable: true }) as readonly [
      typeof at,
      typeof at,
    ];
    const axis = g.constant('i64', [], [0]);
    return [g.cast(g.gather(entries, order, axis), indices.fact.type), g.gather(all, order, axis), empty];
  },
});
