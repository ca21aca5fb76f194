/** Regions pooled by the largest weighted neighbour of regular samples: what RoiAlign's mode `max` is in ONNX, unlike in the room. */
import type { Builder, Value } from '@cuvee/core';
import { f32, folded, i64, picked, reshapedTo, sizeAt, sizesOf, upTo } from './build.js';

/** Cells an axis of the output has, samples a cell, shift of the regions after scaling, and whether they are at least one place long. */
export interface RoiGrid {
  readonly cells: readonly [number, number];
  readonly samples: number;
  readonly scale: number;
  readonly half: boolean;
}

/** Samples of each region along one axis, [regions, cells · samples]: their lower and upper neighbours with the weights of both. */
interface Samples {
  readonly places: readonly [Value, Value];
  readonly weights: readonly [Value, Value];
}

/** `axis` 0 is the height, 1 the width; regions are x₁, y₁, x₂, y₂. */
function samplesOf(g: Builder, x: Value, regions: Value, axis: 0 | 1, { cells, samples, scale, half }: RoiGrid): Samples {
  const corner = (i: number): Value => {
    const scaled = g.multiply(g.unsqueeze(picked(g, regions, i, 1), g.ints([1])), f32(g, scale));
    return half ? g.subtract(scaled, f32(g, 0.5)) : scaled;
  };
  const [start, end] = [corner(1 - axis), corner(3 - axis)];
  const length = half ? g.subtract(end, start) : g.maximum(g.subtract(end, start), f32(g, 1));
  const count = cells[axis] * samples;
  const shares = g.constant(
    'f32',
    [count],
    upTo(count).map((i) => (i + 0.5) / count),
  );
  const at = g.add(start, g.multiply(length, shares));
  const size = g.cast(sizeAt(g, x, axis + 2), 'f32');
  const last = g.subtract(size, f32(g, 1));
  const there = g.cast(g.logicalAnd(g.greaterEqual(at, f32(g, -1)), g.lessEqual(at, size)), 'f32');
  const inside = g.minimum(g.maximum(at, f32(g, 0)), last);
  const low = g.floor(inside);
  const upper = g.subtract(inside, low);
  const place = (value: Value): Value => g.cast(value, 'i64');
  return {
    places: [place(low), place(g.minimum(g.add(low, f32(g, 1)), last))],
    weights: [g.multiply(g.subtract(f32(g, 1), upper), there), g.multiply(upper, there)],
  };
}

/** [regions, channels, cells…] of x [N, channels, height, width]; `batch` names the picture of each region. */
export function largestNeighbours(g: Builder, x: Value, regions: Value, batch: Value, grid: RoiGrid): Value {
  const [rows, columns] = [samplesOf(g, x, regions, 0, grid), samplesOf(g, x, regions, 1, grid)];
  const [height, width] = [sizeAt(g, x, 2), sizeAt(g, x, 3)];
  const flat = reshapedTo(g, g.transpose(x, g.ints([0, 2, 3, 1])), [-1, sizesOf(g, x, [1])]);
  const first = g.unsqueeze(g.multiply(g.cast(batch, 'i64'), height), g.ints([1]));
  const corners = [0, 1].flatMap((i) =>
    [0, 1].map((j) => {
      const row = g.multiply(g.add(first, rows.places[i as 0]), width);
      const place = g.add(g.unsqueeze(row, g.ints([2])), g.unsqueeze(columns.places[j as 0], g.ints([1])));
      const weight = g.multiply(g.unsqueeze(rows.weights[i as 0], g.ints([2, 3])), g.unsqueeze(columns.weights[j as 0], g.ints([1, 3])));
      return g.multiply(g.gather(flat, place, i64(g, 0)), weight);
    }),
  );
  const [h, w] = grid.cells;
  const largest = folded(corners, (a, b) => g.maximum(a, b));
  // [regions, h · samples, w · samples, channels]
  const byCell = reshapedTo(g, largest, [-1, h, grid.samples, w, grid.samples, sizesOf(g, x, [1])]);
  return g.transpose(g.reduceMax(byCell, g.ints([2, 4]), { keep_dims: false }), g.ints([0, 3, 1, 2]));
}
