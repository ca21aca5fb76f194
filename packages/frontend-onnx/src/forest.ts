/** Ensembles of decision trees as gathers: every row stands at one node of every tree, and goes down one level at a time. */
import { Literal, type Builder, type Value } from '@cuvee/core';
import { rankOf, unsqueezed, type AnyNode } from './build.js';

/** How a node compares its feature with its threshold. `in`: with a set of values. */
export const modes = ['<=', '<', '>=', '>', '==', '!=', 'in', 'leaf'] as const;
export type Mode = (typeof modes)[number];

/** Flat nodes; `yes` and `no` are places among them, a leaf's own place for leaves. */
export interface Forest {
  readonly features: readonly number[];
  readonly thresholds: readonly number[];
  readonly modes: readonly Mode[];
  readonly yes: readonly number[];
  readonly no: readonly number[];
  /** Whether NaN goes to `yes`. */
  readonly missing: readonly boolean[];
  /** The set of a node with mode `in`. */
  readonly sets: readonly (readonly number[])[];
  readonly roots: readonly number[];
  /** What a leaf adds: [target, weight] pairs. */
  readonly votes: readonly (readonly (readonly [number, number])[])[];
  readonly targets: number;
}

/** Levels below the deepest root. Throws MODEL_INVALID for a child outside, or a walk that never ends. */
function depthOf(node: Pick<AnyNode, 'invalid'>, { yes, no, roots }: Forest): number {
  const count = yes.length;
  let level = new Set(roots);
  for (let depth = 0; ; depth++) {
    if ([...level].some((i) => !(i >= 0 && i < count))) throw node.invalid('a tree names a node that it does not have');
    const next = new Set<number>();
    for (const i of level) {
      if (yes[i] !== i) next.add(yes[i] as number);
      if (no[i] !== i) next.add(no[i] as number);
    }
    if (next.size === 0) return depth;
    if (depth > count) throw node.invalid('a tree goes in circles');
    level = next;
  }
}

/** [rows, trees]: the leaf that each row reaches in each tree. `x` is [rows, features]. */
function leaves(node: AnyNode, x: Value, forest: Forest): Value {
  const { g } = node;
  const depth = depthOf(node, forest);
  const { type } = x.fact;
  const table = (values: readonly number[]): Value => g.constant('i64', [values.length], values);
  const zero = g.constant('i64', [], [0]);
  const [features, yes, no] = [table(forest.features), table(forest.yes), table(forest.no)];
  const thresholds = g.constant(type, [forest.thresholds.length], forest.thresholds);
  const rows = g.gather(g.shapeOf(x, { output_type: 'i64' }), g.ints([0]), zero);
  let at = g.broadcast(table(forest.roots), g.concat([rows, g.ints([forest.roots.length])], { axis: 0 }), undefined, { mode: 'numpy' });
  const used = modes.filter((mode) => mode !== 'leaf' && forest.modes.includes(mode));
  for (let level = 0; level < depth; level++) {
    const value = g.gatherElements(x, g.gather(features, at, zero), { axis: 1 });
    const threshold = g.gather(thresholds, at, zero);
    let goes = used
      .map((mode) => compared(g, mode, value, threshold, at, forest))
      .reduceRight<Value | undefined>((rest, test, i) => {
        if (!rest) return test;
        const here = forest.modes.map((mode) => mode === used[i]);
        return g.select(g.gather(booleans(g, here), at, zero), test, rest);
      }, undefined) as Value;
    if (forest.missing.some(Boolean))
      goes = g.logicalOr(goes, g.logicalAnd(g.isNaN(value), g.gather(booleans(g, forest.missing), at, zero)));
    at = g.select(goes, g.gather(yes, at, zero), g.gather(no, at, zero));
  }
  return at;
}

const booleans = (g: Builder, values: readonly boolean[]): Value =>
  g.constant(Literal.of('boolean', [values.length], Uint8Array.from(values, Number)));

function compared(g: Builder, mode: Mode, value: Value, threshold: Value, at: Value, { sets }: Forest): Value {
  switch (mode) {
    case '<=':
      return g.lessEqual(value, threshold);
    case '<':
      return g.less(value, threshold);
    case '>=':
      return g.greaterEqual(value, threshold);
    case '>':
      return g.greater(value, threshold);
    case '==':
      return g.equal(value, threshold);
    case '!=':
      return g.notEqual(value, threshold);
    default: {
      const width = Math.max(1, ...sets.map((set) => set.length));
      const padded = sets.flatMap((set) => [...set, ...new Array<number>(width - set.length).fill(Number.NaN)]);
      const own = g.gather(g.constant(value.fact.type, [sets.length, width], padded), at, g.constant('i64', [], [0]));
      return g.reduceLogicalOr(g.equal(g.unsqueeze(value, g.ints([2])), own), g.ints([2]), { keep_dims: false });
    }
  }
}

/** How the trees' votes become one number a target. */
export type Aggregate = 'SUM' | 'AVERAGE' | 'MIN' | 'MAX';

/** [rows, targets] without base values: what all trees vote for. `x` is [rows, features] or [features]. */
export function voted(node: AnyNode, x: Value, forest: Forest, aggregate: Aggregate): Value {
  const { g } = node;
  const data = rankOf(node, x) === 1 ? unsqueezed(g, x, [0]) : x;
  const { targets, votes, roots } = forest;
  if (targets < 1 || roots.length === 0) throw node.invalid('there are no trees or no targets');
  if (votes.length * targets > 2 ** 26) throw node.unsupported(`${votes.length} nodes that vote for ${targets} targets`);
  const silent = aggregate === 'MIN' ? Number.POSITIVE_INFINITY : aggregate === 'MAX' ? Number.NEGATIVE_INFINITY : 0;
  const weights = new Float64Array(votes.length * targets).fill(silent);
  votes.forEach((pairs, i) => {
    for (const [target, weight] of pairs) {
      if (!(target >= 0 && target < targets)) throw node.invalid(`a leaf votes for target ${target} of ${targets}`);
      const at = i * targets + target;
      weights[at] = (weights[at] === silent ? 0 : (weights[at] as number)) + weight;
    }
  });
  const all = g.gather(
    g.constant(data.fact.type, [votes.length, targets], Array.from(weights)),
    leaves(node, data, forest),
    g.constant('i64', [], [0]),
  );
  const trees = g.ints([1]);
  if (aggregate === 'SUM' || aggregate === 'AVERAGE') {
    const sum = g.reduceSum(all, trees, { keep_dims: false });
    return aggregate === 'SUM' ? sum : g.divide(sum, g.constant(data.fact.type, [], [roots.length]));
  }
  const best = aggregate === 'MIN' ? g.reduceMin(all, trees, { keep_dims: false }) : g.reduceMax(all, trees, { keep_dims: false });
  const zero = g.constant(data.fact.type, [], [0]);
  return g.select(g.equal(best, g.constant(data.fact.type, [], [silent])), zero, best);
}
