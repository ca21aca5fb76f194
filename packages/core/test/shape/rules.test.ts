import { describe, expect, it } from 'vitest';
import {
  add,
  bcast,
  bounds,
  broadcast,
  broadcastTo,
  createScope,
  evaluate,
  isFailure,
  lowerShapes,
  mul,
  rangeLength,
  reshape,
  runShapes,
  scaled,
  shapeContext,
  sliceLength,
  sub,
  transposedWindow,
  window,
  type Dim,
} from '../../src/shape/index.js';

const range = (lo: number, hi: number): number[] => Array.from({ length: hi - lo + 1 }, (_, i) => lo + i);

/** A size in lo..hi and how to evaluate what is computed from it. */
function sizeIn(lo: number, hi: number) {
  const scope = createScope();
  const n = scope.symbol({ kind: 'input', port: 0, axis: 0 }, [lo, hi], 'n');
  return {
    scope,
    ctx: shapeContext(scope, 'node'),
    n,
    at: (d: Dim, x: number): number => evaluate(d, (s) => (s.name === 'n' && s.origin?.kind === 'input' ? x : NaN)),
  };
}

/** Windows counted by trying every place; ceil_torch drops a last one that starts in the padding after the input. */
function windowsByHand(n: number, k: number, s: number, d: number, p0: number, p1: number, rounding: string): number {
  const extent = d * (k - 1) + 1;
  let count = 0,
    at = -p0;
  for (; at + extent <= n + p1; at += s) count++;
  // A partial window counts with ceil if the one before left something over.
  if (rounding !== 'floor' && at - s + extent < n + p1) {
    count++;
    at += s;
  }
  return rounding === 'ceil_torch' && at - s >= n ? count - 1 : count;
}

describe('bounds', () => {
  const scope = createScope();
  const size = (axis: number, lo: number, hi: number): Dim => scope.symbol({ kind: 'input', port: 0, axis }, [lo, hi], `s${axis}`);

  it('of sums of products that share factors are those at the corners', () => {
    const [c, h] = [size(0, 1, 7), size(1, 14, 17)];
    expect(bounds(mul(c, sub(h, 1)))).toEqual([13, 112]);
    expect(bounds(sub(mul(c, h), add(c, h)))).toEqual([-1, 95]);
    const [x, y] = [size(2, 1, Infinity), size(3, 6, Infinity)];
    expect(bounds(mul(sub(x, 1), y))).toEqual([0, Infinity]);
    expect(bounds(sub(mul(x, c), x))[0]).toBe(0);
    expect(bounds(sub(mul(x, c), mul(h, x)))).toEqual([-Infinity, -7]);
  });

  it('of slices whose ends the run tells hold what the step leaves', () => {
    const begin = scope.symbol({ kind: 'value', node: 'b', output: 0, element: 0 }, [-Infinity, Infinity], 'b');
    for (const [step, most] of [
      [-2, 3],
      [3, 2],
    ] as const)
      expect(scope.bounds(sliceLength(shapeContext(scope, 'node'), 5, begin, 4, step))).toEqual([0, most]);
  });
});

describe('window', () => {
  it('counts what trying every place counts, static and symbolic', () => {
    for (const rounding of ['floor', 'ceil', 'ceil_torch'] as const)
      for (const k of [1, 2, 3, 5])
        for (const s of [1, 2, 3, 4])
          for (const d of [1, 2])
            for (const p0 of [0, 1, 2])
              for (const p1 of [0, 1, 3]) {
                const extent = d * (k - 1) + 1,
                  { ctx, n, at } = sizeIn(Math.max(1, extent - p0 - p1), 12);
                const w = { strides: [s], dilations: [d], padsBegin: [p0], padsEnd: [p1], rounding };
                const { count } = window(ctx, n, k, w, 0);
                for (const x of range(Math.max(1, extent - p0 - p1), 12)) {
                  const byHand = windowsByHand(x, k, s, d, p0, p1, rounding),
                    where = `n ${x} k ${k} s ${s} d ${d} p ${p0},${p1} ${rounding}`;
                  expect(window(ctx, x, k, w, 0).count, where).toBe(byHand);
                  expect(at(count, x), where).toBe(byHand);
                }
              }
  });

  it('SAME covers the input with the least padding', () => {
    for (const k of [1, 2, 3, 5])
      for (const s of [1, 2, 3]) {
        const { ctx, n, at } = sizeIn(1, 12);
        const up = window(ctx, n, k, { strides: [s], autoPad: 'same_upper' }, 0),
          low = window(ctx, n, k, { strides: [s], autoPad: 'same_lower' }, 0);
        for (const x of range(1, 12)) {
          const count = Math.ceil(x / s),
            total = Math.max(0, (count - 1) * s + k - x);
          expect([at(up.count, x), at(up.pads[0], x), at(up.pads[1], x)]).toEqual([count, Math.floor(total / 2), Math.ceil(total / 2)]);
          expect([at(low.pads[0], x), at(low.pads[1], x)]).toEqual([Math.ceil(total / 2), Math.floor(total / 2)]);
        }
      }
  });

  it('a transposed window undoes a window', () => {
    const { ctx, n, at } = sizeIn(1, 20);
    const { count } = transposedWindow(ctx, n, 3, { strides: [2], padsBegin: [1], padsEnd: [1], outputPadding: [1] }, 0);
    for (const x of range(1, 20)) expect(at(count, x)).toBe(2 * x);
  });
});

describe('slice', () => {
  it('has the length that walking gives, for every begin, end and step', () => {
    const places = [-(2 ** 63), -2147483648, -13, -10, -9, -4, -1, 0, 1, 3, 9, 10, 12, 2147483647, 2 ** 63];
    for (const begin of places)
      for (const end of places)
        for (const step of [1, 2, 3, -1, -2]) {
          const { ctx, n, at } = sizeIn(0, 10);
          const length = sliceLength(ctx, n, begin, end, step);
          for (const x of range(0, 10)) {
            const clamp = (p: number): number => Math.min(Math.max(p < 0 ? p + x : p, step > 0 ? 0 : -1), step > 0 ? x : x - 1);
            const far = (p: number): number =>
              p >= 2147483647 ? (step > 0 ? x : x - 1) : p <= -2147483648 ? (step > 0 ? 0 : -1) : clamp(p);
            // A begin below the first element is the first element, whichever way the slice goes (ONNX Slice).
            const first = step > 0 ? far(begin) : Math.max(far(begin), Math.min(0, x - 1));
            let count = 0;
            for (let i = first; step > 0 ? i < far(end) : i > far(end); i += step) count++;
            expect(at(length, x), `${x}[${begin}:${end}:${step}]`).toBe(count);
            expect(sliceLength(ctx, x, begin, end, step), `${x}[${begin}:${end}:${step}]`).toBe(count);
          }
        }
  });

  it('with symbolic begin or end too', () => {
    for (const [lo, hi] of [
      [-6, 6],
      [0, 6],
      [-6, -1],
    ] as const)
      for (const step of [1, 2, -1]) {
        const { ctx, scope, n } = sizeIn(0, 7);
        const b = scope.symbol({ kind: 'input', port: 1, axis: 0 }, [lo, hi], 'b'),
          e = scope.symbol({ kind: 'input', port: 2, axis: 0 }, [lo, hi], 'e');
        const length = sliceLength(ctx, n, b, e, step);
        for (const x of range(0, 7))
          for (const p of range(lo, hi))
            for (const q of range(lo, hi)) {
              const value = evaluate(length, (s) => ({ n: x, b: p, e: q })[s.name] ?? NaN);
              expect(value, `${x}[${p}:${q}:${step}]`).toBe(sliceLength(ctx, x, p, q, step));
            }
      }
  });

  it('a range has as many numbers as counting gives', () => {
    for (const start of [-3, 0, 4])
      for (const stop of [-4, 0, 5, 9])
        for (const step of [-3, -1, 1, 2]) {
          const { ctx } = sizeIn(0, 1);
          let count = 0;
          for (let i = start; step > 0 ? i < stop : i > stop; i += step) count++;
          expect(rangeLength(ctx, start, stop, step)).toBe(count);
        }
    const { ctx, scope, n } = sizeIn(0, 9);
    const a = scope.symbol({ kind: 'input', port: 1, axis: 0 }, [-3, 3], 'a');
    expect(rangeLength(ctx, a, a, 1)).toBe(0);
    expect(rangeLength(ctx, a, add(a, n), 1)).toBe(n);
    const s = scope.symbol({ kind: 'input', port: 2, axis: 0 }, [-2, 2], 's'),
      length = rangeLength(ctx, 0, n, s);
    for (const x of range(0, 9))
      for (const k of [-2, -1, 1, 2]) expect(evaluate(length, (y) => ({ n: x, s: k })[y.name] ?? NaN)).toBe(rangeLength(ctx, 0, x, k));
  });
});

describe('broadcast', () => {
  it('is the other of 1, and its bounds hold, for all sizes 0..4', () => {
    for (const [alo, ahi] of intervals())
      for (const [blo, bhi] of intervals()) {
        const scope = createScope(),
          ctx = shapeContext(scope, 'node');
        const a = scope.symbol({ kind: 'input', port: 0, axis: 0 }, [alo, ahi], 'a'),
          b = scope.symbol({ kind: 'input', port: 1, axis: 0 }, [blo, bhi], 'b');
        const legal = range(alo, ahi).flatMap((x) =>
          range(blo, bhi)
            .filter((y) => x === y || x === 1 || y === 1)
            .map((y) => [x, y] as const),
        );
        const compute = (): readonly Dim[] => broadcast(ctx, [a], [b])!;
        if (legal.length === 0) {
          expect(compute, `${alo}..${ahi} with ${blo}..${bhi}`).toThrow('broadcast');
          continue;
        }
        const d = compute()[0]!,
          values = legal.map(([x, y]) => (x === 1 ? y : x));
        for (const [i, [x, y]] of legal.entries()) {
          const value = evaluate(d, (s) => (s.origin?.kind === 'input' ? (s.origin.port === 0 ? x : y) : NaN));
          expect(value, `${x} with ${y} in ${alo}..${ahi}, ${blo}..${bhi}`).toBe(values[i]);
        }
        const [lo, hi] = scope.bounds(d);
        expect([Math.min(...values), Math.max(...values)], `${alo}..${ahi} with ${blo}..${bhi}`).toEqual([lo, hi]);
      }
  });

  function intervals(): [number, number][] {
    return range(0, 4).flatMap((lo) => range(lo, 4).map((hi): [number, number] => [lo, hi]));
  }

  it('three operands associate', () => {
    const scope = createScope();
    const [a, b, c] = [0, 1, 2].map((port) => scope.symbol({ kind: 'input', port, axis: 0 }, [0, 9]));
    expect(bcast(bcast(a!, b!), c!)).toBe(bcast(a!, bcast(c!, b!)));
    expect(bcast(a!, bcast(a!, b!))).toBe(bcast(b!, a!));
  });
});

describe('scaled', () => {
  it('follows f32, where f64 would not', () => {
    expect(scaled(10, 0.7, 'floor')).toBe(7);
    expect(Math.floor(10 * Math.fround(0.7))).toBe(6);
  });

  it('symbolic and static agree for scales that are fractions, powers of two and neither', () => {
    for (const scale of [0.5, 2, 0.25, 1.5, 0.7, 1 / 3, 2 / 3, Math.PI, 0.123456, 1])
      for (const rounding of ['floor', 'ceil', 'round'] as const)
        for (const hi of [300, 9000, Infinity]) {
          const { n, at } = sizeIn(0, hi),
            d = scaled(n, scale, rounding),
            [lo, most] = bounds(d);
          for (const x of range(0, 300)) {
            const expected = scaled(x, scale, rounding) as number;
            expect(at(d, x), `${x} times ${scale} ${rounding}`).toBe(expected);
            expect(expected >= lo && expected <= most).toBe(true);
          }
        }
  });
});

describe('reshape', () => {
  it('a batch of 0 is harmless, and a product divides exactly', () => {
    const { ctx, n, at } = sizeIn(0, 9);
    const [batch, rest] = reshape(ctx, [n, 3, 8], [n, -1], false)!;
    expect([batch === n, rest]).toEqual([true, 24]);
    const split = reshape(ctx, [n, 24], [0, -1, 4], true)!;
    expect(split[1]).toBe(6);
    const merged = reshape(ctx, [n, 4, 6], [-1, 6], false)!;
    expect(at(merged[0]!, 5)).toBe(20);
    expect(ctx.scope.guards).toHaveLength(0);
  });

  it('a pattern that the run gives: sizes, one -1, copied zeros; anything else is refused', () => {
    const scope = createScope(),
      ctx = shapeContext(scope, 'Reshape');
    const n = scope.symbol({ kind: 'input', port: 0, axis: 0 }, [1, 6], 'n');
    const given = [0, 1].map((element) =>
      scope.symbol(
        { kind: 'value', node: 'pattern', output: 0, element },
        [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
        `v${element}`,
      ),
    );
    const out = reshape(ctx, [n, 4], given, true)!;
    expect(out.map((d) => scope.bounds(d)[0])).toEqual([0, 0]);
    const p = lowerShapes(out, scope.guards);
    const run = (size: number, a: number, b: number): number[] | string => {
      const r = runShapes(
        p,
        p.symbols.map((s) => ({ n: size, v0: a, v1: b })[s.name]!),
      );
      return isFailure(r) ? r.kind : p.roots.map((i) => r[i]!);
    };
    for (const size of range(1, 6))
      for (const a of range(-2, 13))
        for (const b of range(-2, 13)) {
          const sizes = [a === 0 ? size : a, b === 0 ? 4 : b],
            known = sizes.filter((x) => x !== -1).reduce((x, y) => x * y, 1);
          const result = sizes.map((x) => (x === -1 ? (size * 4) / known : x));
          const good =
            a >= -1 && b >= -1 && !(a === -1 && b === -1) && result.every(Number.isInteger) && result[0]! * result[1]! === size * 4;
          expect(run(size, a, b), `[${size},4] as [${a},${b}]`).toEqual(good ? result : 'guard');
        }
  });

  it('a slice whose end only the run tells takes INT64_MAX for the end', () => {
    const scope = createScope(),
      ctx = shapeContext(scope, 'Slice');
    const n = scope.symbol({ kind: 'input', port: 0, axis: 0 }, [0, 100], 'n');
    const e = scope.symbol({ kind: 'value', node: 'ends', output: 0, element: 0 }, [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER], 'e');
    const p = lowerShapes([sliceLength(ctx, n, 2, e, 1)], scope.guards);
    for (const [end, count] of [
      [2 ** 63, 8],
      [-(2 ** 63), 0],
      [-1, 7],
      [5, 3],
      [1, 0],
    ] as const) {
      const r = runShapes(
        p,
        p.symbols.map((s) => (s.name === 'n' ? 10 : end)),
      );
      expect(isFailure(r) ? r.kind : r[p.roots[0]!]).toBe(count);
    }
  });

  it('a value taken for a size is refused below 0', () => {
    const scope = createScope(),
      ctx = shapeContext(scope, 'Broadcast');
    const v = scope.symbol({ kind: 'value', node: 'shape', output: 0, element: 0 }, [-10, 10], 'v');
    expect(broadcastTo(ctx, [1], [v])!.map((d) => scope.bounds(d))).toEqual([[0, 10]]);
    expect(scope.guards).toHaveLength(1);
  });
});
