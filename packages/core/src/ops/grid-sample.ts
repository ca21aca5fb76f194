import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import type { Dim } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { isFloat } from '../tensor/element.js';
import { sizeOf } from '../tensor/nd.js';
import { bool, oneOf } from './attributes.js';
import { floating, numeric, op, port } from './op.js';
import { roundHalfEven } from './special.js';

/**
 * Samples [N, C, H, W] data at the places of a grid [N, H', W', 2] of (x, y) in [-1, 1]; or volumes [N, C, D, H, W] at (x, y, z).
 *
 * ±1 are the centres of the corner elements with `align_corners`, else their outer edges. Beyond the border come zeros, the border itself,
 * or a reflection of the image; nearest rounds halves to even, bicubic uses -0.75.
 * Spec: OpenVINO GridSample-9.
 */
export const GridSample = op('GridSample', {
  attributes: {
    align_corners: bool(false),
    mode: oneOf(['bilinear', 'bicubic', 'nearest'], 'bilinear'),
    padding_mode: oneOf(['zeros', 'border', 'reflection'], 'zeros'),
  },
  inputs: [port('data', numeric, [4, 5]), port('grid', floating, [4, 5])],
  outputs: [port('output', numeric)],
  since: { opset9: {} },

  infer({ data, grid }, _, ctx) {
    const rank = data.shape?.length ?? grid.shape?.length;
    for (const [what, f] of [
      ['data', data],
      ['grid', grid],
    ] as const)
      if (f.shape && (f.shape.length !== rank || rank < 4 || rank > 5)) return ctx.fail(`${what} must have four axes, or five for volumes`);
    if (rank === undefined) return { type: data.type, shape: undefined };
    if (grid.shape) ctx.requireEqual('coordinates', grid.shape[rank - 1] as Dim, rank - 2);
    const [d, s] = [data.shape, grid.shape];
    const n = (d && s ? ctx.requireEqual('batches', d[0] as Dim, s[0] as Dim) : (d ?? s)?.[0]) as Dim;
    const places = Array.from({ length: rank - 2 }, (_, i) => s?.[i + 1] ?? ctx.fresh(i + 2));
    return { type: data.type, shape: [n, d?.[1] ?? ctx.fresh(1), ...places] };
  },

  evaluate({ data, grid }, { align_corners, mode, padding_mode }) {
    const [batch, channels, ...spatial] = data.shape as [number, number, ...number[]];
    const sizes = grid.shape.slice(1, -1);
    const shape = [batch, channels, ...sizes];
    const [places, plane, axes] = [sizeOf(sizes), sizeOf(spatial), spatial.length];
    const out = emptyElements(data.type, sizeOf(shape)) as unknown as (number | bigint)[];
    const place = (v: number, n: number): number => (align_corners ? ((v + 1) / 2) * (n - 1) : ((v + 1) * n - 1) / 2);
    for (let n = 0; n < batch; n++) {
      for (let p = 0; p < places; p++) {
        const at = (n * places + p) * axes;
        // Every combination of the neighbours along each axis, as an offset in the plane; zeros are left out.
        let taps: (readonly [at: number, weight: number])[] = [[0, 1]];
        spatial.forEach((size, axis) => {
          const near = tapsAt(place(grid.data[at + axes - 1 - axis] as number, size), mode)
            .map(([i, w]) => [padded(i, size, padding_mode, align_corners), w] as const)
            .filter(([i]) => i >= 0);
          taps = taps.flatMap(([offset, weight]) => near.map(([i, w]) => [offset * size + i, weight * w] as const));
        });
        for (let c = 0; c < channels; c++) {
          const from = (n * channels + c) * plane;
          const sum = taps.reduce((total, [offset, weight]) => total + weight * Number(data.data[from + offset]), 0);
          out[(n * channels + c) * places + p] = typeof out[0] === 'bigint' ? BigInt(Math.trunc(sum)) : sum;
        }
      }
    }
    return { type: data.type, shape, data: out as never };
  },

  decompose(g, { data, grid }, attributes) {
    const type = data.fact.type;
    if (!isFloat(type) || data.fact.shape?.length !== 4 || grid.fact.type === 'dynamic') return undefined;
    return gathered(g, data, g.cast(grid, 'f32'), attributes);
  },
});

/** One Gather for each neighbour, in places counted as f32, times its weight. */
function gathered(
  g: Builder,
  data: Value,
  grid: Value,
  {
    align_corners,
    mode,
    padding_mode,
  }: { align_corners: boolean; mode: 'bilinear' | 'bicubic' | 'nearest'; padding_mode: 'zeros' | 'border' | 'reflection' },
): Value {
  const num = (v: number): Value => g.scalar(v, 'f32');
  const size = (value: Value, axes: readonly number[]): Value => g.gather(g.shapeOf(value), g.ints(axes), g.scalar(0, 'i64'));
  const length = (axis: number): Value => {
    const d = data.fact.shape?.[axis];
    return typeof d === 'number' ? num(d) : g.cast(g.squeeze(size(data, [axis]), undefined), 'f32');
  };
  const [x, y] = g.split(grid, g.scalar(3, 'i64'), { num_splits: 2 }).map((v) => g.reshape(v, g.ints([0, -1]), { special_zero: true })) as [
    Value,
    Value,
  ];
  const axis = (v: Value, n: Value): { index: Value; weight: Value }[] => {
    const from = align_corners
      ? g.multiply(g.add(v, num(1)), g.multiply(g.subtract(n, num(1)), num(0.5)))
      : g.multiply(g.subtract(g.multiply(g.add(v, num(1)), n), num(1)), num(0.5));
    const base = mode === 'nearest' ? g.round(from) : g.floor(from);
    return weightsOf(g, g.subtract(from, base), mode).map(([step, weight]) =>
      placed(g, step === 0 ? base : g.add(base, num(step)), weight, n, padding_mode, align_corners),
    );
  };
  const [rows, columns] = [axis(y, length(2)), axis(x, length(3))];
  const flat = g.reshape(data, g.ints([0, 0, -1]), { special_zero: true });
  const terms = rows.flatMap((r) =>
    columns.map((c) => {
      const at = g.cast(g.add(g.multiply(r.index, length(3)), c.index), 'i32');
      const weight = g.cast(g.multiply(r.weight, c.weight), data.fact.type);
      return g.multiply(g.gather(flat, at, g.scalar(2, 'i64'), { batch_dims: 1 }), g.unsqueeze(weight, g.ints([1])));
    }),
  );
  return g.reshape(
    terms.reduce((a, b) => g.add(a, b)),
    g.concat([size(data, [0, 1]), size(grid, [1, 2])], { axis: 0 }),
  );
}

/** Steps from the base to each neighbour along an axis, and weights for the distance `t` from the base. */
function weightsOf(g: Builder, t: Value, mode: 'bilinear' | 'bicubic' | 'nearest'): readonly (readonly [number, Value])[] {
  const num = (v: number): Value => g.scalar(v, 'f32');
  const rest = g.subtract(num(1), t);
  if (mode === 'nearest') return [[0, g.subtract(num(1), g.multiply(t, num(0)))]];
  if (mode === 'bilinear')
    return [
      [0, rest],
      [1, t],
    ];
  // ((c3 d + c2) d + c1) d + c0, as in `tapsAt`.
  const cubic = (d: Value, c: readonly [number, number, number, number]): Value =>
    c.slice(1).reduce<Value>((sum, k) => g.add(g.multiply(sum, d), num(k)), num(c[0]));
  const [near, far] = [
    [1.25, -2.25, 0, 1],
    [-0.75, 3.75, -6, 3],
  ] as const;
  return [
    [-1, cubic(g.add(t, num(1)), far)],
    [0, cubic(t, near)],
    [1, cubic(rest, near)],
    [2, cubic(g.add(rest, num(1)), far)],
  ];
}

/** A place inside the axis for every index; zeros lose their weight. */
function placed(
  g: Builder,
  i: Value,
  weight: Value,
  n: Value,
  mode: 'zeros' | 'border' | 'reflection',
  alignCorners: boolean,
): { index: Value; weight: Value } {
  const num = (v: number): Value => g.scalar(v, 'f32');
  const last = g.subtract(n, num(1));
  const inside = g.minimum(g.maximum(i, num(0)), last);
  if (mode === 'border') return { index: inside, weight };
  if (mode === 'zeros') return { index: inside, weight: g.select(g.equal(inside, i), weight, num(0)) };
  if (alignCorners) {
    const period = g.maximum(g.multiply(last, num(2)), num(1));
    const k = g.floorMod(g.abs(i), period);
    return { index: g.minimum(k, g.subtract(period, k)), weight };
  }
  const k = g.floorMod(i, g.multiply(n, num(2)));
  return { index: g.minimum(k, g.subtract(g.subtract(g.multiply(n, num(2)), num(1)), k)), weight };
}

/** Integer places around a broken one, with weights. */
function tapsAt(x: number, mode: 'bilinear' | 'bicubic' | 'nearest'): readonly (readonly [number, number])[] {
  if (mode === 'nearest') return [[roundHalfEven(x), 1]];
  const first = Math.floor(x);
  const t = x - first;
  if (mode === 'bilinear')
    return [
      [first, 1 - t],
      [first + 1, t],
    ];
  const a = -0.75;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  return [
    [first - 1, far(t + 1)],
    [first, near(t)],
    [first + 1, near(1 - t)],
    [first + 2, far(2 - t)],
  ];
}

/** The place that is read instead of `i`; -1 for a zero. */
function padded(i: number, n: number, mode: 'zeros' | 'border' | 'reflection', alignCorners: boolean): number {
  if (i >= 0 && i < n) return i;
  if (Number.isNaN(i) || mode === 'zeros') return -1;
  if (mode === 'border') return i < 0 ? 0 : n - 1;
  if (alignCorners) {
    const period = n === 1 ? 1 : 2 * (n - 1);
    const k = Math.abs(i) % period;
    return k >= n ? period - k : k;
  }
  const k = ((i % (2 * n)) + 2 * n) % (2 * n);
  return k >= n ? 2 * n - 1 - k : k;
}
