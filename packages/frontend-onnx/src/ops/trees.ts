/** Ensembles of decision trees of ai.onnx.ml. */
import type { Value } from '@cuvee/core';
import { voted, modes, type Aggregate, type Forest, type Mode } from '../forest.js';
import { scored, withBase, withTransform } from '../scores.js';
import type { OnnxNode, OnnxOp } from '../node.js';

/** An attribute of floats, or its double-precision twin. */
function numbers({ attr }: Pick<OnnxNode, 'attr'>, name: string): readonly number[] {
  const twin = `${name}_as_tensor`;
  return attr.has(twin) ? Array.from(attr.tensor(twin).nd().data as Float64Array, Number) : attr.floats(name, []);
}

const branchModes: Readonly<Record<string, Mode>> = {
  BRANCH_LEQ: '<=',
  BRANCH_LT: '<',
  BRANCH_GTE: '>=',
  BRANCH_GT: '>',
  BRANCH_EQ: '==',
  BRANCH_NEQ: '!=',
  LEAF: 'leaf',
};

/** The forest of versions 1 and 3: nodes and votes are named by tree and node; `prefix` is target or class. */
function forestOf(node: OnnxNode, prefix: 'target' | 'class', targets: number): Forest {
  const { attr, invalid } = node;
  const [trees, ids] = [attr.ints('nodes_treeids'), attr.ints('nodes_nodeids')];
  const place = new Map(trees.map((tree, i) => [`${tree} ${ids[i]}`, i]));
  const at = (tree: number | undefined, id: number | undefined): number => {
    const found = place.get(`${tree} ${id}`);
    if (found === undefined) throw invalid(`tree ${tree} has no node ${id}`);
    return found;
  };
  const kinds = attr.texts('nodes_modes').map((text): Mode => {
    const mode = Object.hasOwn(branchModes, text) ? branchModes[text] : undefined;
    if (!mode) throw invalid(`node mode ${JSON.stringify(text.slice(0, 40))}`);
    return mode;
  });
  const child = (name: string): number[] => {
    const list = attr.ints(name);
    return kinds.map((mode, i) => (mode === 'leaf' ? i : at(trees[i], list[i])));
  };
  const votes = ids.map((): [number, number][] => []);
  const [voteTrees, voteNodes, targetIds] = [attr.ints(`${prefix}_treeids`), attr.ints(`${prefix}_nodeids`), attr.ints(`${prefix}_ids`)];
  numbers(node, `${prefix}_weights`).forEach((weight, i) => votes[at(voteTrees[i], voteNodes[i])]?.push([targetIds[i] as number, weight]));
  const missing = attr.ints('nodes_missing_value_tracks_true', []);
  const roots = trees.flatMap((tree, i) => (trees.indexOf(tree) === i ? [i] : []));
  return {
    features: kinds.map((mode, i) => (mode === 'leaf' ? 0 : (attr.ints('nodes_featureids')[i] as number))),
    thresholds: numbers(node, 'nodes_values'),
    modes: kinds,
    yes: child('nodes_truenodeids'),
    no: child('nodes_falsenodeids'),
    missing: kinds.map((_, i) => missing[i] === 1),
    sets: kinds.map(() => []),
    roots,
    votes,
    targets,
  };
}

/** Numbers in f32, or in f64 where they come so. */
const real = ({ g }: Pick<OnnxNode, 'g'>, x: Value): Value => (x.fact.type === 'f64' ? x : g.cast(x, 'f32'));

export const TreeEnsembleRegressor: OnnxOp = (node) => {
  const { g, attr, inputs } = node;
  const targets = attr.int('n_targets', 1);
  const aggregate = attr.word('aggregate_function', ['SUM', 'AVERAGE', 'MIN', 'MAX'], 'SUM');
  const sums = voted(node, real(node, inputs[0]), forestOf(node, 'target', targets), aggregate);
  return g.cast(withTransform(node, withBase(g, sums, numbers(node, 'base_values'))), 'f32');
};

/** Votes for classes; where only one class gets votes, of two. */
export const TreeEnsembleClassifier: OnnxOp = (node) => {
  const { g, attr, inputs } = node;
  const classes = Math.max(attr.ints('classlabels_int64s', []).length, attr.texts('classlabels_strings', []).length);
  const ids = attr.ints('class_ids');
  const weights = numbers(node, 'class_weights');
  const single = classes === 2 && new Set(ids).size === 1;
  const forest = forestOf(node, 'class', classes);
  const sums = g.cast(voted(node, real(node, inputs[0]), forest, 'SUM'), 'f32');
  const base = numbers(node, 'base_values');
  if (!single) return scored(node, withBase(g, sums, base));
  const positive = weights.every((w) => w >= 0);
  const only = g.gather(sums, g.ints([ids[0] as number]), g.constant('i64', [], [1]));
  const [labels, scores] = scored(node, withBase(g, only, base.slice(-1)), { positive });
  return [labels, ids[0] === 1 ? withTransform(node, sums) : scores];
};

const aggregates: readonly Aggregate[] = ['AVERAGE', 'SUM', 'MIN', 'MAX'];
const transforms = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'] as const;

/** The sets of the nodes with mode `in`, one after the other, each ended by NaN. */
function setsOf(kinds: readonly Mode[], values: readonly number[]): readonly (readonly number[])[] {
  let at = 0;
  return kinds.map((mode) => {
    if (mode !== 'in') return [];
    const end = values.findIndex((v, i) => i >= at && Number.isNaN(v));
    const set = values.slice(at, end < 0 ? values.length : end);
    at = end < 0 ? values.length : end + 1;
    return set;
  });
}

/** Version 5: inner nodes and leaves apart. */
export const TreeEnsemble: OnnxOp = (node) => {
  const { g, attr, inputs } = node;
  const aggregate = aggregates[attr.int('aggregate_function', 1)] ?? 'SUM';
  const sums = voted(node, real(node, inputs[0]), ensembleOf(node), aggregate);
  return withTransform(node, g.cast(sums, inputs[0].fact.type), transforms[attr.int('post_transform', 0)] ?? 'NONE');
};

/** The forest of version 5: children by their place among the inner nodes or the leaves; here leaves come behind all inner nodes. */
function ensembleOf({ attr }: OnnxNode): Forest {
  const list = (name: string): readonly number[] => Array.from(attr.tensor(name).nd().data as Float64Array, Number);
  const kinds = list('nodes_modes').map((code): Mode => modes[code] ?? 'leaf');
  const [targets, weights] = [attr.ints('leaf_targetids'), list('leaf_weights')];
  const missing = attr.ints('nodes_missing_value_tracks_true', []);
  const extended = <T>(values: readonly T[], rest: T): T[] => [...values, ...targets.map(() => rest)];
  const children = (which: 'true' | 'false'): number[] => [
    ...attr.ints(`nodes_${which}nodeids`).map((id, i) => (attr.ints(`nodes_${which}leafs`)[i] ? kinds.length + id : id)),
    ...targets.map((_, i) => kinds.length + i),
  ];
  return {
    features: extended(attr.ints('nodes_featureids'), 0),
    thresholds: extended(list('nodes_splits'), 0),
    modes: extended(kinds, 'leaf'),
    yes: children('true'),
    no: children('false'),
    missing: extended(kinds, 'leaf').map((_, i) => missing[i] === 1),
    sets: extended(setsOf(kinds, attr.has('membership_values') ? list('membership_values') : []), []),
    roots: attr.ints('tree_roots'),
    votes: [...kinds.map(() => []), ...targets.map((target, i) => [[target, weights[i] as number] as const])],
    targets: attr.int('n_targets'),
  };
}
