import type { Dim } from '../shape/index.js';
import { Literal } from '../tensor/literal.js';
import { numbersOf, sizeOf } from '../tensor/nd.js';
import { bool, elementType } from './attributes.js';
import { sameType } from './elementwise.js';
import { numeric, only, op, port } from './op.js';

/**
 * Where each value would be inserted into its ascending row: before equal elements, or behind them with `right_mode`. The sequence has one
 * row for all values (rank 1), or one per row of the values.
 * Spec: OpenVINO SearchSorted-15.
 */
export const SearchSorted = op('SearchSorted', {
  attributes: { right_mode: bool(false), output_type: elementType('i64') },
  inputs: [port('sorted_sequence', numeric, { least: 1 }), port('values', numeric)],
  outputs: [port('output', only('i32', 'i64'))],
  since: { opset15: {} },

  infer({ sorted_sequence, values }, { output_type }, ctx) {
    sameType(ctx, sorted_sequence, values);
    const rows = sorted_sequence.shape;
    const { shape } = values;
    if (!rows || rows.length <= 1 || !shape)
      return {
        type: output_type,
        shape: shape ?? (rows && rows.length > 1 ? [...rows.slice(0, -1), ctx.fresh(rows.length - 1)] : undefined),
      };
    if (rows.length !== shape.length) ctx.fail(`the sequence has rank ${rows.length}, the values ${shape.length}`);
    return {
      type: output_type,
      shape: shape.map((d, i) => (i === shape.length - 1 ? d : ctx.requireEqual(`dimension ${i}`, d, rows[i] as Dim))),
    };
  },

  evaluate({ sorted_sequence, values }, { right_mode, output_type }) {
    const length = sorted_sequence.shape[sorted_sequence.shape.length - 1] as number;
    const perRow = values.shape.length === 0 ? 1 : (values.shape[values.shape.length - 1] as number);
    const sequence = numbersOf(sorted_sequence);
    const found = numbersOf(values).map((v, i) => {
      const row = sorted_sequence.shape.length === 1 ? 0 : Math.floor(i / perRow);
      return sequence.slice(row * length, (row + 1) * length).filter((s) => s < v || (right_mode && s === v)).length;
    });
    return Literal.from(output_type, values.shape, found.slice(0, sizeOf(values.shape))).nd();
  },

  decompose(g, { sorted_sequence, values }, { right_mode, output_type }) {
    const rank = sorted_sequence.fact.shape?.length;
    if (rank === undefined) return undefined;
    const row = rank === 1 ? sorted_sequence : g.unsqueeze(sorted_sequence, g.ints([-2]), {});
    const each = g.unsqueeze(values, g.ints([-1]), {});
    const before = right_mode ? g.lessEqual(row, each, {}) : g.less(row, each, {});
    return g.reduceSum(g.cast(before, output_type), g.ints([-1]), {});
  },
});
