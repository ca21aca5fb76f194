import { describe, expect, it } from 'vitest';
import { bounds, isExpr, isFailure, lowerShapes, parse, print, runShapes, ShapeScope, type Dim } from '../../src/shape/index.js';
import { environment, Random, symbols, tree, valueOf } from './random.js';

const SEED = Number(process.env.CUVEE_TEST_SEED ?? 20261121);
const TREES = 1500,
  SAMPLES = 12;

/** Runs `check` on random trees; a failure names the seed of the tree. */
function onTrees(
  name: string,
  check: (random: Random, d: Dim, t: ReturnType<typeof tree>, specs: ReturnType<typeof symbols>, scope: ShapeScope) => void,
): void {
  it(`${name} (seed ${SEED})`, () => {
    for (let i = 0; i < TREES; i++) {
      const random = new Random(SEED + i),
        scope = new ShapeScope();
      const specs = symbols(scope, random, random.int(1, 3), random.next() < 0.5);
      const t = tree(random, specs, random.int(1, 4));
      let d: Dim;
      try {
        d = t.build(false);
      } catch (e) {
        throw new Error(`seed ${SEED + i}: ${t.text}`, { cause: e });
      }
      check(random, d, t, specs, scope);
    }
  });
}

describe('shape algebra, random trees', () => {
  onTrees('an interned expression has the naive value, inside every bound and congruence', (random, d, t, specs) => {
    const tiers = [bounds(d, 1), bounds(d, 2), bounds(d, 3)] as const;
    for (let k = 0; k < SAMPLES; k++) {
      const env = environment(random, specs),
        naive = t.value(env);
      if (naive === undefined || !Number.isSafeInteger(naive) || Math.abs(naive) > 2 ** 40) continue;
      const value = valueOf(d, specs, env);
      const where = `seed ${random.seed}: ${t.text} at ${env.join()} as ${print(d)}`;
      expect(value, where).toBe(naive + 0);
      for (const [lo, hi] of tiers) if (naive < lo || naive > hi) throw new Error(`${where}: ${naive} outside ${lo}..${hi}`);
      if (isExpr(d) && d.mod > 1) expect(((naive % d.mod) + d.mod) % d.mod, `${where}: congruence ${d.rem} mod ${d.mod}`).toBe(d.rem);
    }
  });

  onTrees('commuted operands give the same expression', (random, d, t) => {
    // Sizes that do not broadcast have no value, so any order may give any answer.
    if (t.text.includes('bcast')) return;
    expect(t.build(true) === d, `seed ${random.seed}: ${t.text}: ${print(d)} against ${print(t.build(true))}`).toBe(true);
  });

  onTrees('parse(print(d)) is d', (random, d, t, _, scope) => {
    expect(parse(scope, print(d)) === d, `seed ${random.seed}: ${t.text}: ${print(d)} read as ${print(parse(scope, print(d)))}`).toBe(true);
  });

  onTrees('the program computes the naive value', (random, d, t, specs) => {
    const p = lowerShapes([d], []);
    for (let k = 0; k < 4; k++) {
      const env = environment(random, specs),
        naive = t.value(env);
      if (naive === undefined || !Number.isSafeInteger(naive) || Math.abs(naive) > 2 ** 40) continue;
      const bound = p.symbols.map((s) => env[(s.origin as { port: number }).port]!);
      const r = runShapes(p, bound);
      expect(isFailure(r) ? r.kind : r[p.roots[0]!], `seed ${random.seed}: ${t.text} at ${env.join()} as ${print(d)}`).toBe(naive + 0);
    }
  });
});
