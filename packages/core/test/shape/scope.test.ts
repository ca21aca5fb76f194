import { describe, expect, it } from 'vitest';
import {
  add,
  advance,
  bounds,
  broadcast,
  carry,
  ceilDiv,
  createScope,
  decide,
  failureMessage,
  floorDiv,
  isAtLeast,
  isFailure,
  joinShapes,
  lowerShapes,
  mod,
  mul,
  newRegisters,
  parse,
  print,
  printCondition,
  product,
  requireEqual,
  requireTrue,
  reshape,
  runLevel,
  runShapes,
  shapeContext,
  sub,
  window,
  type Dim,
  type ShapeScope,
} from '../../src/shape/index.js';

function image(range: readonly [number, number] = [0, Infinity]) {
  const scope = createScope();
  const h = scope.symbol({ kind: 'input', port: 0, axis: 2 }, range, 'h'),
    w = scope.symbol({ kind: 'input', port: 0, axis: 3 }, range, 'w');
  return { scope, ctx: shapeContext(scope, 'Add.31'), h, w };
}

const stride2 = (ctx: ReturnType<typeof shapeContext>, d: Dim): Dim =>
  window(ctx, d, 3, { strides: [2], padsBegin: [1], padsEnd: [1] }, 0).count;

describe('normal form', () => {
  it('five stride-2 convolutions are one division', () => {
    const { ctx, h } = image();
    let d: Dim = h;
    for (let i = 0; i < 5; i++) d = stride2(ctx, d);
    expect(print(d)).toBe('ceil(h/32)');
  });

  it('ceil by double negation is ceilDiv', () => {
    const { h } = image();
    expect(sub(0, floorDiv(sub(0, h), 4))).toBe(ceilDiv(h, 4));
  });

  it('a multiple of 32 makes the up-path of a feature pyramid equal to its skip connections', () => {
    const { scope, ctx, h } = image();
    scope.assumeMultiple(h, 32);
    const levels: Dim[] = [scope.resolve(h)];
    for (let i = 0; i < 5; i++) levels.push(stride2(ctx, levels[i]!));
    for (let i = 4; i > 0; i--) expect(mul(levels[i + 1]!, 2)).toBe(levels[i]);
    expect(scope.guards.map((g) => printCondition(g.predicate))).toEqual(['h%32==0', 'h_1>=1']);
    const p = lowerShapes(levels, scope.guards);
    expect(runShapes(p, [64])).toBeInstanceOf(Float64Array);
    const failure = runShapes(p, [65]);
    expect(isFailure(failure) && failureMessage(p, failure)).toBe('h = 65 has to be a multiple of 32 (h = 65)');
  });

  it('bounds see through divisions', () => {
    const { h } = image([960, 1200]);
    expect(bounds(h, 1)).toEqual([960, 1200]);
    expect(bounds(sub(h, floorDiv(h, 2)))).toEqual([480, 600]);
    expect(bounds(mod(h, 32))).toEqual([0, 31]);
    expect(bounds(mul(sub(h, 1000), sub(h, 1000)), 3)).toEqual([0, 40000]);
  });

  it('is found again by its text, in the order of degree and name', () => {
    const { scope, h, w } = image();
    expect(print(add(mul(w, h, 2), w, h, -1))).toBe('2*h*w+h+w-1');
    const odd = scope.symbol({ kind: 'data', node: '/nms/NonZero', output: 0, axis: 1 });
    expect(print(add(odd, 1))).toBe('"/nms/NonZero#1"+1');
    expect(parse(scope, print(add(odd, 1)))).toBe(add(odd, 1));
    expect(() => parse(scope, 'h+')).toThrow('expected at position 2');
    expect(() => parse(scope, 'q')).toThrow('no symbol is called "q"');
  });

  it('numbers make no expressions', () => {
    const { scope, ctx } = image();
    const before = scope.table.exprCount;
    broadcast(ctx, [1, 3, 1], [2, 1, 4]);
    reshape(ctx, [2, 3, 4], [0, -1], true);
    stride2(ctx, 640);
    expect(scope.table.exprCount).toBe(before);
  });

  it('a sum of 60 symbols goes through five reshapes quickly, and the program still computes it', () => {
    const scope = createScope(),
      ctx = shapeContext(scope, 'Concat');
    const begin = performance.now();
    const parts = Array.from({ length: 60 }, (_, port) => scope.symbol({ kind: 'input', port, axis: 0 }, [1, 100]));
    let shape: readonly Dim[] = [add(...parts), 12];
    for (const pattern of [
      [-1, 6],
      [-1, 4, 3],
      [-1, 12],
      [-1, 2],
      [-1, 12],
    ])
      shape = reshape(ctx, shape, pattern, false)!;
    expect(performance.now() - begin).toBeLessThan(50);
    const p = lowerShapes(shape, scope.guards),
      r = runShapes(
        p,
        parts.map((_, i) => i + 1),
      );
    expect(isFailure(r) ? r.kind : r[p.roots[0]!]).toBe((60 * 61) / 2);
  });
});

describe('limits', () => {
  it('degree, depth and size stop proofs, never the program', () => {
    const scope = createScope();
    const s = Array.from({ length: 6 }, (_, port) => scope.symbol({ kind: 'input', port, axis: 0 }, [2, 9]));
    const high = product(s.map((x, i) => add(x, i)));
    let deep: Dim = s[0]!;
    for (let i = 0; i < 30; i++) deep = floorDiv(add(mul(deep, 5), s[i % 6]!, i), 3);
    const p = lowerShapes([high, deep], []);
    const bound = p.symbols.map((x) => 2 + (x.origin as { port: number }).port);
    let byHand = 2;
    for (let i = 0; i < 30; i++) byHand = Math.floor((byHand * 5 + 2 + (i % 6) + i) / 3);
    const r = runShapes(p, bound);
    expect(isFailure(r) ? r.kind : [r[p.roots[0]!], r[p.roots[1]!]]).toEqual([2 * 4 * 6 * 8 * 10 * 12, byHand]);
  });
});

describe('two sizes meet', () => {
  it('an open equality is guarded once and taken for granted afterwards', () => {
    const { scope, ctx, h, w } = image();
    expect(requireEqual(ctx, 'sizes', h, w)).toBe(h);
    expect(requireEqual(ctx, 'sizes', w, h)).toBe(h);
    expect(scope.guards.map((g) => printCondition(g.predicate))).toEqual(['h==w']);
    expect(scope.resolve(ceilDiv(w, 2))).toBe(ceilDiv(h, 2));
    expect(scope.assumptions).toBe(1);
  });

  it('bounds of both are met', () => {
    const scope = createScope(),
      ctx = shapeContext(scope, 'n');
    const a = scope.symbol({ kind: 'input', port: 0, axis: 0 }, [2, 5], 'a'),
      b = scope.symbol({ kind: 'input', port: 1, axis: 0 }, [3, 8], 'b');
    const d = requireEqual(ctx, 'sizes', b, a);
    expect([scope.bounds(d), print(d)]).toEqual([[3, 5], 'a']);
    expect(parse(scope, print(d))).toBe(d);
  });

  it('what cannot be is an error that shows both', () => {
    const { ctx, h } = image([4, 6]);
    expect(() => requireEqual(ctx, 'input channels', add(h, 7), 3)).toThrow('"Add.31": input channels differ: h+7 (11..13) against 3');
    expect(decide.equal(mul(h, 2), 5)).toBe(false);
    expect(decide.divides(2, mul(h, 4))).toBe(true);
    expect(decide.divides(2, add(mul(h, 4), 1))).toBe(false);
    expect(decide.atLeast(h, 4)).toBe(true);
    expect(decide.atLeast(h, 5)).toBe(undefined);
  });

  it('the assumptions of a branch stay in it', () => {
    const { scope, h, w } = image();
    const branch = scope.child();
    requireEqual(shapeContext(branch, 'then'), 'sizes', h, w);
    expect(branch.resolve(w)).toBe(h);
    expect(scope.resolve(w)).toBe(w);
    expect(scope.guards).toHaveLength(0);
  });

  it('a lower bound narrows the symbol and is not asked for again', () => {
    const { scope, ctx, h } = image();
    requireTrue(ctx, 'at least 5', isAtLeast(h, 5));
    requireTrue(ctx, 'at least 3', isAtLeast(h, 3));
    expect(scope.guards).toHaveLength(1);
    expect(scope.bounds(scope.resolve(h))).toEqual([5, Infinity]);
    expect(print(scope.resolve(h))).toBe('h');
  });

  it('a failed guard says what both sides are and come to', () => {
    const { scope, ctx, h } = image();
    const a = mul(stride2(ctx, h), 2),
      b = scope.resolve(h);
    requireEqual(ctx, 'axis 2 of both inputs', a, b);
    const p = lowerShapes([a], scope.guards),
      failure = runShapes(p, [63]);
    expect(isFailure(failure) && failureMessage(p, failure)).toBe(
      '"Add.31": axis 2 of both inputs differ: 2*ceil(h/2) = 64 against h = 63 (h = 63)',
    );
  });
});

describe('programs', () => {
  it('run level by level as symbols are bound', () => {
    const scope = createScope();
    const n = scope.symbol({ kind: 'input', port: 0, axis: 0 }, [1, 50], 'n'),
      k = scope.symbol({ kind: 'data', node: 'NonZero', output: 0, axis: 1 }, [0, 100], 'k');
    const p = lowerShapes(
      [mul(n, 4), mul(k, n)],
      [{ class: 'error', predicate: cond(isAtLeast(n, k)), node: 'TopK', what: '{1} of {0}', dims: [n, k] }],
      { levelOf: () => 1 },
    );
    expect(p.levels).toHaveLength(2);
    const r = newRegisters(p),
      bound = [5];
    expect(runLevel(p, 0, bound, r)).toBe(undefined);
    expect(r[p.roots[0]!]).toBe(20);
    bound.push(4);
    expect(runLevel(p, 1, bound, r)).toBe(undefined);
    expect(r[p.roots[1]!]).toBe(20);
    const failure = runShapes(p, [5, 6]);
    expect(isFailure(failure) && failureMessage(p, failure)).toBe('"TopK": k = 6 of n = 5 (n = 5, k = 6)');
    const outside = runShapes(p, [51, 0]);
    expect(isFailure(outside) && failureMessage(p, outside)).toBe('n is 51, outside its range 1..50');
  });

  function cond(p: ReturnType<typeof isAtLeast>): Exclude<typeof p, boolean> {
    if (typeof p === 'boolean') throw new Error('decided');
    return p;
  }

  it('sizes that are not proved to be sizes are checked on request', () => {
    const { h } = image();
    const p = lowerShapes([sub(h, 5)], [], { nonNegative: true, names: ['Slice.1 axis 2'] });
    expect(runShapes(p, [5])).toBeInstanceOf(Float64Array);
    const failure = runShapes(p, [4]);
    expect(isFailure(failure) && failureMessage(p, failure)).toBe('"Slice.1 axis 2": a size is h-5 = -1, below 0 (h = 4)');
  });

  it('an overflow names whose size it is', () => {
    const { h } = image();
    const p = lowerShapes([h, mul(h, h, h, h)], []),
      failure = runShapes(p, [2 ** 20]);
    expect(isFailure(failure) && failureMessage(p, failure, ['a', 'bytes of b'])).toBe('bytes of b leaves ±(2^53 − 1) (h = 1048576)');
  });

  it('have room for more than 65536 registers', () => {
    const scope = createScope(),
      n = scope.symbol({ kind: 'input', port: 0, axis: 0 }, [0, 1000]);
    const roots = Array.from({ length: 70000 }, (_, i) => add(n, i));
    const p = lowerShapes(roots, []),
      r = runShapes(p, [7]);
    expect(isFailure(r) ? r.kind : [p.registers > 65536, r[p.roots[0]!], r[p.roots[69999]!]]).toEqual([true, 7, 70006]);
  });
});

describe('control flow', () => {
  it('a branch on a shape selects, one on data is known when it ran', () => {
    const { ctx, h, scope } = image();
    expect(print(joinShapes(ctx, [h, 3], [h, 5], isAtLeast(h, 4))![1]!)).toBe('sel(h>=4,3,5)');
    expect(joinShapes(ctx, [h, 3], [h], undefined)).toBe(undefined);
    const joined = joinShapes(ctx, [3], [5], undefined)!;
    expect(scope.bounds(joined[0]!)).toEqual([3, 5]);
  });

  const loop =
    (
      trips: Dim | undefined,
      seeds: readonly (readonly Dim[])[],
      body: (shapes: readonly (readonly Dim[])[]) => readonly (readonly Dim[] | undefined)[],
    ) =>
    (scope: ShapeScope): readonly (readonly Dim[] | undefined)[] => {
      const ctx = shapeContext(scope, 'Loop');
      let c = carry(ctx, seeds);
      for (;;) {
        const step = advance(ctx, c, body(c.shapes as (readonly Dim[])[]), trips);
        if ('results' in step) return step.results;
        c = step.again;
        if (c.sweep > 3) throw new Error('a fourth sweep');
      }
    };

  it('a loop that appends 2 rows for each of 5 trips', () => {
    expect(loop(5, [[3, 2]], ([s]) => [[add(s![0]!, 2), s![1]!]])(createScope())).toEqual([[13, 2]]);
  });

  it('an unknown number of trips, a size that the body sets, and one that it halves', () => {
    const { scope, h, w } = image([1, 64]);
    const [grown, set, halved] = loop(w, [[h], [1], [h]], ([a, , b]) => [[add(a![0]!, 1)], [h], [ceilDiv(b![0]!, 2)]])(scope);
    expect(grown![0]).toBe(add(h, w));
    expect(set![0]).toBe(h);
    expect(scope.bounds(halved![0]!)).toEqual([1, 64]);
    const [unknown] = loop(undefined, [[h]], ([a]) => [[add(a![0]!, 1)]])(scope);
    expect(scope.bounds(unknown![0]!)).toEqual([1, Infinity]);
    expect(loop(w, [[h]], () => [undefined])(scope)).toEqual([undefined]);
  });
});
