import { elementsOf } from '../ir/infer.js';
import type { Fact } from '../ir/fact.js';
import { bounds, decide, isAtLeast, isExpr, type Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { Literal } from '../tensor/literal.js';
import { moved, normalizeAxis, numberOf, sizeOf } from '../tensor/nd.js';
import { bool, elementType, int, oneOf } from './attributes.js';
import { inferAxis } from './movement.js';
import { current, index, numeric, only, op, port } from './op.js';

const shared = {
  axis: int(),
  mode: oneOf(['max', 'min'], 'max'),
  sort: oneOf(['none', 'value', 'index'], 'none'),
  index_element_type: elementType('i32'),
};

/**
 * The k largest or smallest elements along one axis, and their places.
 *
 * Ties take the lower place first, in every version (only TopK-11 with `stable` promises it). `sort: none` leaves the order open: here by
 * value. NaN counts as larger than every number.
 * Spec: OpenVINO TopK-11.
 */
export const TopK = op('TopK', {
  attributes: { ...shared, stable: bool(false) },
  inputs: [port('data', numeric, { least: 1 }), port('k', index, 'one')],
  outputs: [port('values', numeric), port('indices', only('i32', 'i64'))],
  since: { opset1: { attributes: shared }, opset3: { attributes: shared }, opset11: current },
  check: ({ stable, sort }) => (stable && sort === 'none' ? 'a stable result needs sort "value" or "index"' : undefined),

  infer({ data, k }, { axis, index_element_type }, ctx) {
    const { type, shape } = data;
    if (!shape)
      return [
        { type, shape: undefined },
        { type: index_element_type, shape: undefined },
      ];
    const at = inferAxis(ctx, axis, shape.length);
    const n = shape[at] as Dim;
    const wanted = knownScalar(k);
    if (wanted !== undefined) {
      if (decide.atLeast(n, wanted) === false) ctx.fail(`k is ${String(wanted)}, axis ${at} is shorter`);
      ctx.require(`k is at most the length of axis ${at}`, isAtLeast(n, wanted));
    }
    const out = shape.map((d, i) => (i === at ? (wanted ?? ctx.fresh(at, [0, bounds(n)[1]])) : d));
    return [
      { type, shape: out },
      { type: index_element_type, shape: out },
    ];
  },

  evaluate({ data, k }, { axis, mode, sort, index_element_type }) {
    const at = normalizeAxis(axis, data.shape.length);
    const n = data.shape[at] as number;
    const wanted = numberOf(k);
    if (wanted > n || wanted < 0) throw new CuveeError('ARGUMENT_INVALID', `k is ${wanted}, axis ${at} has ${n} places`);
    const shape = data.shape.map((d, i) => (i === at ? wanted : d));
    const values = moved(data, shape);
    const places = new Array<number>(sizeOf(shape));
    const inner = sizeOf(data.shape.slice(at + 1));
    const outer = sizeOf(data.shape.slice(0, at));
    const x = data.data as Float32Array;
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const read = (p: number): number => x[(o * n + p) * inner + i] as number;
        const ranked = Array.from({ length: n }, (_, p) => p).sort(
          (p, q) => (mode === 'max' ? compare(read(q), read(p)) : compare(read(p), read(q))) || p - q,
        );
        const chosen = ranked.slice(0, wanted);
        if (sort === 'index') chosen.sort((p, q) => p - q);
        chosen.forEach((p, r) => {
          const to = (o * wanted + r) * inner + i;
          values.data[to] = read(p) as never;
          places[to] = p;
        });
      }
    }
    return [values, Literal.from(index_element_type, shape, places).nd()];
  },
});

/** Order of two elements (numbers or BigInts), NaN last. */
const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : Number(a !== a) - Number(b !== b));

/** The element of a scalar or one-element integer fact, when it is known. */
export function knownScalar(f: Fact): Dim | undefined {
  const e = elementsOf(f)?.[0];
  return typeof e === 'number' || (e !== undefined && isExpr(e)) ? e : undefined;
}
