import { bounds, product, type Dim, type Shape } from '../shape/index.js';
import { Literal } from '../tensor/literal.js';
import { normalizeAxis, numberOf, sizeOf } from '../tensor/nd.js';
import { bool, elementType } from './attributes.js';
import { inferAxis, picked, taken } from './movement.js';
import { index, numericOrBoolean, op, optional, port } from './op.js';

/**
 * The different elements of the flattened data, or the different slices along an axis; ascending with `sorted`, else in order of first
 * appearance. Outputs: them; the place of each one's first appearance; for each element or slice of the data the place of its value
 * among them; how often each comes.
 *
 * Slices compare element by element in row-major order. NaN is above every number and equals nothing, not even NaN.
 * Spec: OpenVINO Unique-10.
 */
export const Unique = op('Unique', {
  attributes: { sorted: bool(true), index_element_type: elementType('i64'), count_element_type: elementType('i64') },
  inputs: [port('data', numericOrBoolean), optional('axis', index, 'one')],
  outputs: [port('unique', numericOrBoolean), port('indices', index), port('rev_indices', index), port('occurrences', index)],
  since: { opset10: {} },

  infer({ data, axis }, { index_element_type, count_element_type }, ctx) {
    const { type, shape } = data;
    const four = (unique: Shape, count: Dim | undefined, all: Dim | undefined) => [
      { type, shape: unique },
      { type: index_element_type, shape: [count ?? ctx.fresh(0, undefined, 1)] },
      { type: index_element_type, shape: [all ?? ctx.fresh(0, undefined, 2)] },
      { type: count_element_type, shape: [count ?? ctx.fresh(0, undefined, 3)] },
    ];
    if (!axis) {
      const all = shape && product(shape);
      const count = ctx.fresh(0, all === undefined ? undefined : [Math.min(1, Math.max(0, bounds(all)[0])), Math.max(0, bounds(all)[1])]);
      return four([count], count, all);
    }
    const at = ctx.constants(axis)?.[0];
    if (!shape || at === undefined) return four(shape && ctx.freshShape(shape.length), undefined, undefined);
    const along = inferAxis(ctx, at, shape.length);
    const all = shape[along] as Dim;
    const count = ctx.fresh(along, [Math.min(1, Math.max(0, bounds(all)[0])), Math.max(0, bounds(all)[1])]);
    return four(
      shape.map((d, i) => (i === along ? count : d)),
      count,
      all,
    );
  },

  evaluate({ data, axis }, { sorted, index_element_type, count_element_type }) {
    const flat = axis ? data : { ...data, shape: [sizeOf(data.shape)] };
    const along = axis ? normalizeAxis(numberOf(axis), data.shape.length) : 0;
    const n = flat.shape[along] as number;
    const inner = sizeOf(flat.shape.slice(along + 1));
    const outer = sizeOf(flat.shape.slice(0, along));
    const at = (p: number, k: number): number => flat.data[(Math.floor(k / inner) * n + p) * inner + (k % inner)] as number;
    const compare = (p: number, q: number): number => {
      for (let k = 0; k < outer * inner; k++) {
        const a = at(p, k);
        const b = at(q, k);
        if (a < b) return -1;
        if (a > b) return 1;
        if (a !== b && Number.isNaN(a) !== Number.isNaN(b)) return Number.isNaN(a) ? 1 : -1;
      }
      return 0;
    };
    const same = (p: number, q: number): boolean => {
      for (let k = 0; k < outer * inner; k++) if (at(p, k) !== at(q, k)) return false;
      return true;
    };
    const groups: number[][] = [];
    for (const p of Array.from({ length: n }, (_, i) => i).sort((a, b) => compare(a, b) || a - b)) {
      const last = groups[groups.length - 1];
      if (last && same(last[0] as number, p)) last.push(p);
      else groups.push([p]);
    }
    if (!sorted) groups.sort((a, b) => (a[0] as number) - (b[0] as number));
    const first = groups.map((g) => g[0] as number);
    const reverse = new Array<number>(n);
    groups.forEach((g, i) => {
      for (const p of g) reverse[p] = i;
    });
    const list = (type: typeof index_element_type, values: readonly number[]) => Literal.from(type, [values.length], values).nd();
    return [
      n === 0 ? picked(flat, flat.shape, []) : taken(flat, along, first),
      list(index_element_type, first),
      list(index_element_type, reverse),
      list(
        count_element_type,
        groups.map((g) => g.length),
      ),
    ];
  },
});
