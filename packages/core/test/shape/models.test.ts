/** Random shape models: what is inferred over ranges against what static inference and the program say for each size. */
import { expect, it } from 'vitest';
import {
  add,
  broadcast,
  createScope,
  floorDiv,
  isFailure,
  lowerShapes,
  max,
  mul,
  PartialShape,
  print,
  requireEqual,
  reshape,
  runShapes,
  scaled,
  shapeContext,
  sliceLength,
  window,
  type Dim,
  type Range,
  type ShapeContext,
  type ShapeScope,
} from '../../src/shape/index.js';
import { CuveeError } from '../../src/errors.js';
import { Random } from './random.js';

const SEED = Number(process.env.CUVEE_TEST_SEED ?? 20261121);
type Dims = readonly Dim[];
/** One operation: from the values so far to a new one. */
type Step = (ctx: ShapeContext, values: readonly Dims[]) => Dims;

function randomStep(random: Random, count: number): Step {
  const i = random.int(0, count - 1),
    j = random.int(0, count - 1),
    axis = random.int(0, 2);
  const replace = (d: Dims, at: number, x: Dim): Dims => d.map((y, k) => (k === at ? x : y));
  switch (random.int(0, 8)) {
    case 0:
    case 1: {
      const k = random.int(1, 4),
        s = random.int(1, 3),
        p = random.int(0, 2),
        d = random.int(1, 2),
        rounding = random.pick(['floor', 'ceil', 'ceil_torch'] as const);
      return (ctx, v) =>
        replace(
          v[i]!,
          axis,
          window(ctx, v[i]![axis]!, k, { strides: [s], padsBegin: [p], padsEnd: [p], dilations: [d], rounding }, 0).count,
        );
    }
    case 2:
      return (ctx, v) => broadcast(ctx, v[i], v[j]) as Dims;
    case 3:
      return (ctx, v) => v[i]!.map((x, k) => (k === axis ? add(x, v[j]![k]!) : requireEqual(ctx, `sizes of axis ${k}`, x, v[j]![k]!)));
    case 4: {
      const b = random.int(-4, 4),
        e = random.pick([random.int(-3, 6), 2147483647]),
        s = random.pick([1, 1, 2, -1]);
      return (ctx, v) => replace(v[i]!, axis, sliceLength(ctx, v[i]![axis]!, b, s < 0 ? -2147483648 : e, s));
    }
    case 5: {
      const k = random.pick([2, 3, 4]);
      return (ctx, v) => reshape(ctx, [...v[i]!, k], [v[i]![0]!, v[i]![1]!, -1], false) as Dims;
    }
    case 6: {
      const k = random.pick([1, 2, 3]);
      return (ctx, v) => reshape(ctx, v[i], [-1, k, v[i]![2]!], false) as Dims;
    }
    case 7: {
      const s = random.pick([0.5, 2, 1.5, 0.7]);
      return (ctx, v) => replace(v[i]!, axis, scaled(ctx.scope.resolve(v[i]![axis]!), s, 'floor'));
    }
    default: {
      const k = random.int(1, 4);
      return (ctx, v) => [max(v[i]![0]!, k), floorDiv(add(v[i]![1]!, 1), k), mul(v[i]![2]!, k)];
    }
  }
}

interface Inferred {
  readonly steps: readonly Step[];
  readonly values: readonly Dims[];
  readonly scope: ShapeScope;
}

function infer(ranges: readonly Range[], steps: readonly Step[]): Inferred {
  const scope = createScope();
  const values = Array.from(
    { length: 3 },
    (_, port): Dims =>
      ranges
        .slice(port * 3, port * 3 + 3)
        .map((r, axis) => (r[0] === r[1] ? r[0] : scope.symbol({ kind: 'input', port, axis }, r, `${'abc'[port]}${axis}`))),
  );
  for (const [k, step] of steps.entries()) values.push(step(shapeContext(scope, `step${k}`), values));
  return { steps, values, scope };
}

/** Infers over ranges, leaving out steps that no size allows and ones whose sizes grow without end. */
function inferRandom(random: Random, ranges: readonly Range[], length: number): Inferred {
  let good = infer(ranges, []);
  for (let k = 0; k < length; k++) {
    const step = randomStep(random, good.values.length);
    try {
      // From the start, because a step that fails half-way leaves guards and assumptions.
      const next = infer(ranges, [...good.steps, step]);
      if (next.scope.refusals.length === 0 && next.values.at(-1)!.every((d) => next.scope.bounds(d)[1] <= 3000)) good = next;
    } catch (e) {
      if (!(e instanceof CuveeError)) throw e;
    }
  }
  return good;
}

const sizes = (random: Random, ranges: readonly Range[]): number[] => ranges.map(([lo, hi]) => random.int(lo, hi));

function staticRun(steps: readonly Step[], given: readonly number[]): Dims[] | undefined {
  const scope = createScope(),
    values: Dims[] = [given.slice(0, 3), given.slice(3, 6), given.slice(6, 9)];
  try {
    for (const s of steps) values.push(s(shapeContext(scope, 'static'), values));
  } catch (e) {
    if (e instanceof CuveeError) return undefined;
    throw e;
  }
  return values;
}

function randomRanges(random: Random): Range[] {
  const shared: Range[] = Array.from({ length: 3 }, () => {
    const lo = random.int(0, 12);
    return [lo, lo + random.pick([0, 0, 3, 20])];
  });
  return Array.from({ length: 9 }, (_, k) =>
    random.next() < 0.6 ? shared[k % 3]! : random.next() < 0.4 ? [1, 1] : random.next() < 0.5 ? [0, 30] : [4, 4],
  );
}

it(`a run is refused exactly where static inference throws, and else has the inferred sizes (seed ${SEED})`, () => {
  let passed = 0,
    refused = 0,
    guarded = 0;
  for (let m = 0; m < 400; m++) {
    const random = new Random(SEED + m),
      ranges = randomRanges(random),
      { steps, values, scope } = inferRandom(random, ranges, 40);
    const roots = values.flat(),
      p = lowerShapes(roots, scope.guards);
    if (scope.guards.length > 0) guarded++;
    for (let k = 0; k < 20; k++) {
      const given = sizes(random, ranges);
      // Sizes that the assumptions ask for, so that some runs pass.
      if (k % 2 === 0)
        for (let i = 3; i < 9; i++) {
          const [lo, hi] = ranges[i]!,
            same = given[i % 3]!;
          if (same >= lo && same <= hi) given[i] = same;
        }
      const byHand = staticRun(steps, given);
      const result = runShapes(
        p,
        p.symbols.map((s) => {
          const o = s.origin as { port: number; axis: number };
          return given[o.port * 3 + o.axis]!;
        }),
      );
      const where = `seed ${SEED + m}, sizes ${given.join()}`;
      expect(isFailure(result), `${where}: ${isFailure(result) ? `${result.kind} ${result.index}` : 'passes'}`).toBe(byHand === undefined);
      if (isFailure(result) || !byHand) {
        refused++;
        continue;
      }
      passed++;
      byHand.flat().forEach((x, i) => {
        expect(result[p.roots[i]!], `${where}: ${print(roots[i]!)}`).toBe(x);
        const [lo, hi] = scope.bounds(roots[i]!);
        if ((x as number) < lo || (x as number) > hi) throw new Error(`${where}: ${print(roots[i]!)} = ${String(x)} outside ${lo}..${hi}`);
      });
    }
  }
  expect([passed > 1000, refused > 500, guarded > 100], `${passed} passed, ${refused} refused, ${guarded} with guards`).toEqual([
    true,
    true,
    true,
  ]);
});

it(`narrower inputs never give wider outputs (seed ${SEED})`, () => {
  let compared = 0;
  for (let m = 0; m < 1500; m++) {
    const random = new Random(SEED + m),
      ranges = randomRanges(random),
      wide = inferRandom(random, ranges, 6);
    // Guards make sizes certain that a narrower model refuses to have: the comparison is for models without.
    if (wide.scope.guards.length > 0) continue;
    const narrow = ranges.map(([lo, hi]): Range => {
      const a = random.int(lo, hi),
        b = random.int(lo, hi);
      return [Math.min(a, b), Math.max(a, b)];
    });
    let values: readonly Dims[], scope: ShapeScope;
    try {
      ({ values, scope } = infer(narrow, wide.steps));
    } catch (e) {
      if (e instanceof CuveeError) continue;
      throw e;
    }
    if (scope.refusals.length > 0) continue;
    values.forEach((v, i) => {
      const a = PartialShape.of(v, (d) => scope.bounds(d)),
        b = PartialShape.of(wide.values[i], (d) => wide.scope.bounds(d));
      compared++;
      expect(
        a.refines(b),
        `seed ${SEED + m}, ${narrow.join(';')} of ${ranges.join(';')}, value ${i}: ${a} within ${b} (${v.map(print).join()} against ${wide.values[i]!.map(print).join()})`,
      ).toBe(true);
    });
  }
  expect(compared).toBeGreaterThan(1000);
});
