/** @file What the embedding rooms share: sums of table rows by segment. */
import type { Fact } from '../ir/fact.js';
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import type { Shape, Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { numbersOf, sizeOf, zeros, type NdArray } from '../tensor/nd.js';
import { place } from './movement.js';
import { counting, reshaped, sizesOf, sizeValue, type Size } from './sizes.js';

/** Shape of one row per bag. */
export const bagsShape = (table: Fact, bags: Dim): Shape => table.shape && [bags, ...table.shape.slice(1)];

/**
 * For each segment the weighted sum, or mean, of the table rows that `indices` names; a segment of none holds row `fallback`, or zeros
 * when that is undefined or -1.
 */
export function segmentSums(
  table: NdArray,
  indices: readonly number[],
  segments: readonly number[],
  count: number,
  weights: NdArray | undefined,
  fallback: number | undefined,
  mean = false,
): NdArray {
  const rowShape = table.shape.slice(1);
  const size = sizeOf(rowShape);
  const rows = table.shape[0] as number;
  const out = zeros(table.type, [count, ...rowShape]);
  const sums = new Float64Array(count * size);
  const met = new Uint32Array(count);
  indices.forEach((index, i) => {
    const segment = segments[i] as number;
    if (segment < 0 || segment >= count) throw new CuveeError('ARGUMENT_INVALID', `segment ${segment} is outside the ${count} segments`);
    const from = place(index, rows) * size;
    const weight = weights ? Number(weights.data[i]) : 1;
    (met[segment] as number)++;
    for (let k = 0; k < size; k++) (sums[segment * size + k] as number) += weight * Number(table.data[from + k]);
  });
  met.forEach((n, segment) => {
    if (n === 0 && fallback !== undefined && fallback >= 0)
      for (let k = 0; k < size; k++) sums[segment * size + k] = Number(table.data[place(fallback, rows) * size + k]);
    else if (mean && n > 0) for (let k = 0; k < size; k++) (sums[segment * size + k] as number) /= n;
  });
  const wide = table.type === 'i64' || table.type === 'u64';
  sums.forEach((value, i) => {
    (out.data as unknown as (number | bigint)[])[i] = wide ? BigInt(Math.trunc(value)) : value;
  });
  return out;
}

/** Segment of each of `count` indices when bag b begins at offsets[b]. */
export function segmentsFrom(offsets: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, i) => offsets.filter((o) => o <= i).length - 1);
}

/** Rows of the table times their weights, as a graph. */
export function weightedRows(g: Builder, table: Value, indices: Value, weights: Value | undefined): Value | undefined {
  const rows = g.gather(table, indices, g.constant('i64', [], [0]), {});
  const rank = table.fact.shape?.length;
  if (!weights) return rows;
  if (rank === undefined) return undefined;
  const w = weights.fact.shape?.length;
  if (w === undefined) return undefined;
  return g.multiply(rows, g.unsqueeze(weights, g.ints(Array.from({ length: rank - 1 }, (_, i) => w + i)), {}), {});
}

/** Sums of rows by segment as a graph: rows scattered onto zeros. `segments` is i64 [n]. */
export function scatteredSums(
  g: Builder,
  table: Value,
  indices: Value,
  segments: Value,
  bags: Size,
  weights: Value | undefined,
  fallback: Value | undefined,
  mean = false,
): Value | undefined {
  const rows = weightedRows(g, table, indices, weights);
  const sizes = sizesOf(g, table);
  const known = fallback?.fact.value && numbersOf(fallback.fact.value.nd())[0];
  if (!rows || !sizes || (fallback && known === undefined)) return undefined;
  const zero = g.broadcast(g.scalar(0, table), reshapedShape(g, [bags, ...sizes.slice(1)]), undefined, {});
  const at = g.unsqueeze(segments, g.ints([-1]), {});
  let sums = g.scatterNDUpdate(zero, at, rows, { reduction: 'sum' });
  if (!mean && (known === undefined || known < 0)) return sums;
  const one = g.broadcast(g.scalar(1, table), g.shapeOf(segments, {}), undefined, {});
  const counts = g.scatterNDUpdate(g.broadcast(g.scalar(0, table), sizeValue(g, bags), undefined, {}), at, one, { reduction: 'sum' });
  const perRow = reshaped(g, counts, [bags, ...sizes.slice(1).map(() => 1)]);
  if (mean) sums = g.divide(sums, g.maximum(perRow, g.scalar(1, table), {}), {});
  if (known === undefined || known < 0) return sums;
  const row = g.gather(table, g.ints([known]), g.constant('i64', [], [0]), {});
  return g.select(g.equal(perRow, g.scalar(0, table), {}), row, sums, {});
}

const reshapedShape = (g: Builder, sizes: readonly Size[]): Value =>
  sizes.length === 1
    ? sizeValue(g, sizes[0] as Size)
    : g.concat(
        sizes.map((s) => sizeValue(g, s)),
        { axis: 0 },
      );

/** Segments from offsets as a graph: how many bags begin at or before each index, minus one. */
export function segmentsGraph(g: Builder, indices: Value, offsets: Value): Value | undefined {
  const n = sizesOf(g, indices)?.[0];
  if (n === undefined) return undefined;
  const before = g.lessEqual(g.cast(offsets, 'i64'), g.unsqueeze(counting(g, n), g.ints([1]), {}), {});
  return g.subtract(g.reduceSum(g.cast(before, 'i64'), g.ints([1]), {}), g.constant('i64', [], [1]), {});
}
