/** Operators of ai.onnx.ml that are arithmetic on tensors. */
import { isFloat, Literal, type ElementType, type Value } from '@cuvee/core';
import { allInputs, i64, like, listOf, rankOf, times, timesRows } from '../build.js';
import type { OnnxNode, OnnxOp } from '../node.js';
import { bestOf, labelsOf, scored, withBase, withTransform } from '../scores.js';
import { lineOf } from '../tensor.js';
import { decisions, kernel, machineOf, probabilities, votes } from '../svm.js';

export const Binarizer: OnnxOp = ({ g, inputs: [x], attr }) => g.cast(g.greater(x, like(g, x, attr.float('threshold', 0))), x.fact.type);

/** Columns of the last axis. */
export const ArrayFeatureExtractor: OnnxOp<2> = (node) => {
  const { g } = node;
  const [x, places] = node.inputs;
  const rank = rankOf(node, x);
  const picked = g.gather(x, listOf(g, places), i64(g, rank - 1));
  return rank === 1 ? g.unsqueeze(picked, g.ints([0])) : picked;
};

/** (x - offset) scale, by column. */
export const Scaler: OnnxOp = ({ g, inputs: [x], attr }) => {
  const real = g.cast(x, 'f32');
  const [offset, scale] = [attr.floats('offset', [0]), attr.floats('scale', [1])];
  return g.multiply(g.subtract(real, g.constant('f32', [offset.length], offset)), g.constant('f32', [scale.length], scale));
};

/** Rows divided by their largest element, sum of magnitudes, or length; a row of zeros stays. */
export const Normalizer: OnnxOp = ({ g, inputs: [x], attr }) => {
  const real = g.cast(x, 'f32'),
    last = g.ints([-1]);
  const word = attr.word('norm', ['MAX', 'L1', 'L2'], 'MAX');
  const norm =
    word === 'MAX'
      ? g.reduceMax(real, last, { keep_dims: true })
      : word === 'L1'
        ? g.reduceL1(real, last, { keep_dims: true })
        : g.reduceL2(real, last, { keep_dims: true });
  return g.divide(real, g.select(g.equal(norm, like(g, real, 0)), like(g, real, 1), norm));
};

/** Numbers in f32. */
const real = (node: Pick<OnnxNode, 'g'>, x: Value): Value => node.g.cast(x, 'f32');

/** x Cᵀ + b, rows of C for targets. */
function linear(node: OnnxNode, rows: number): Value {
  const { g, attr } = node;
  const coefficients = attr.floats('coefficients');
  if (rows < 1 || coefficients.length % rows !== 0) throw node.invalid(`${coefficients.length} coefficients for ${rows} targets`);
  const [x] = node.inputs;
  const flat = rankOf(node, x) === 1 ? g.unsqueeze(x, g.ints([0])) : x;
  const matrix = g.constant('f32', [rows, coefficients.length / rows], coefficients);
  return withBase(g, timesRows(g, real(node, flat), matrix), attr.floats('intercepts', []));
}

export const LinearRegressor: OnnxOp = (node) => withTransform(node, linear(node, node.attr.int('targets', 1)));
export const LinearClassifier: OnnxOp = (node) => {
  const classes = Math.max(node.attr.ints('classlabels_ints', []).length, node.attr.texts('classlabels_strings', []).length);
  const rows = classes === 2 && node.attr.floats('intercepts', [0, 0]).length === 1 ? 1 : classes;
  return scored(node, linear(node, rows), { share: true, ints: 'classlabels_ints' });
};

export const SVMRegressor: OnnxOp = (node) => {
  const { g, attr } = node;
  const count = attr.int('n_supports', 0);
  const coefficients = attr.floats('coefficients');
  const x = real(node, node.inputs[0]);
  const sum = times(g, count > 0 ? kernel(node, x, count) : x, g.constant('f32', [coefficients.length, 1], coefficients));
  const y = withBase(g, sum, attr.floats('rho').slice(0, 1));
  if (attr.bool('one_class')) return g.select(g.greater(y, like(g, y, 0)), like(g, y, 1), like(g, y, -1));
  return withTransform(node, y);
};

/** 1 where an element is the category; one that is none gives zeros (`zeros` 0 would be an error). */
export const OneHotEncoder: OnnxOp = ({ g, inputs: [x], attr }) => {
  const texts = attr.texts('cats_strings', []);
  const categories = attr.ints('cats_int64s', []);
  const table = g.constant(texts.length > 0 ? lineOf('string', texts) : lineOf('i64', categories));
  const data = texts.length > 0 ? x : g.cast(x, 'i64');
  return g.cast(g.equal(g.unsqueeze(data, g.ints([-1])), table), 'f32');
};

/** The place of each element among the keys, one more than it; 0 for one that is no key. */
function placeOf({ g }: Pick<OnnxNode, 'g'>, x: Value, keys: Value, count: number): Value {
  const match = g.equal(g.unsqueeze(x, g.ints([-1])), keys);
  const places = g.constant(
    'i64',
    [count],
    Array.from({ length: count }, (_, i) => i + 1),
  );
  return g.reduceMax(g.select(match, places, i64(g, 0)), g.ints([-1]), { keep_dims: false });
}

/** A list from whichever of the attributes `name_tensor`, `name_strings`, `name_int64s`, `name_floats` is there. */
function listOfAttribute({ attr }: Pick<OnnxNode, 'attr'>, name: string): Literal | undefined {
  if (attr.has(`${name}_tensor`)) return attr.tensor(`${name}_tensor`);
  if (attr.has(`${name}_strings`)) {
    const texts = attr.texts(`${name}_strings`);
    return lineOf('string', texts);
  }
  const ints = attr.has(`${name}_int64s`);
  if (!ints && !attr.has(`${name}_floats`)) return undefined;
  const numbers = ints ? attr.ints(`${name}_int64s`) : attr.floats(`${name}_floats`);
  return lineOf(ints ? 'i64' : 'f32', numbers);
}

/** What stands for an element that is no key, by the type of the values. */
function fallback({ attr }: Pick<OnnxNode, 'attr'>, type: ElementType): Literal {
  if (attr.has('default_tensor')) return Literal.of(type, [1], attr.tensor('default_tensor').storage);
  if (type === 'string') return Literal.of('string', [1], [attr.text('default_string', '_Unused')]);
  return Literal.from(type, [1], [isFloat(type) ? attr.float('default_float', -0) : attr.int('default_int64', -1)]);
}

/** Keys to values. Version 1 has one list of strings, whose places are the numbers. */
export const LabelEncoder: OnnxOp = (node) => {
  const { g, attr } = node;
  const [x] = node.inputs;
  const classes = attr.texts('classes_strings', []);
  const names = lineOf('string', classes);
  const counted = lineOf('i64', [...classes.keys()]);
  const old = classes.length > 0;
  const keys = old ? (x.fact.type === 'string' ? names : counted) : listOfAttribute(node, 'keys');
  const values = old ? (x.fact.type === 'string' ? counted : names) : listOfAttribute(node, 'values');
  if (!keys || !values || keys.size !== values.size) throw node.invalid('keys and values are missing, or are not as many');
  const table = g.concat([g.constant(fallback(node, values.type)), g.constant(values)], { axis: 0 });
  return g.gather(table, placeOf(node, g.cast(x, keys.type), g.constant(keys), keys.size), i64(g, 0));
};

/** Strings to integers or back. */
export const CategoryMapper: OnnxOp = (node) => {
  const { g, attr } = node;
  const [x] = node.inputs;
  const names = attr.texts('cats_strings'),
    numbers = attr.ints('cats_int64s');
  const texts = lineOf('string', names),
    ints = lineOf('i64', numbers);
  const [keys, values] = x.fact.type === 'string' ? [texts, ints] : [ints, texts];
  const table = g.concat([g.constant(fallback(node, values.type)), g.constant(values)], { axis: 0 });
  return g.gather(table, placeOf(node, x, g.constant(keys), keys.size), i64(g, 0));
};

/** The value to replace, which may be NaN, becomes the imputed one of its column. */
export const Imputer: OnnxOp = ({ g, inputs: [x], attr }) => {
  const whole = attr.has('imputed_value_int64s');
  const values = whole ? attr.ints('imputed_value_int64s') : attr.floats('imputed_value_floats');
  const replaced = whole ? attr.int('replaced_value_int64', 0) : attr.float('replaced_value_float', 0);
  const missing = Number.isNaN(replaced) ? g.isNaN(x) : g.equal(x, like(g, x, replaced));
  return g.select(missing, g.constant(x.fact.type, [values.length], values), x);
};

/** Columns of several inputs side by side, in f32. */
export const FeatureVectorizer: OnnxOp = (node) => {
  const columns = allInputs(node).map((x) => real(node, rankOf(node, x) === 1 ? node.g.unsqueeze(x, node.g.ints([0])) : x));
  return node.g.concat(columns, { axis: 1 });
};

/** A row of probabilities instead of a map for each row: maps are no tensors. */
export const ZipMap: OnnxOp = ({ inputs: [x] }) => x;

/** Classes by votes of all pairs, each decided by the support vectors of both; of two, with `prob_a` and `prob_b`, the likelier one. */
export const SVMClassifier: OnnxOp = (node) => {
  const { g } = node;
  const machine = machineOf(node);
  const sums = decisions(node, real(node, node.inputs[0]), machine);
  const labels = labelsOf(node, 'classlabels_ints', 'classlabels_strings');
  const likely = probabilities(node, sums, machine);
  const two = machine.classes === 2;
  const best = bestOf(g, labels, likely && two ? likely : votes(g, sums, machine));
  return [best, likely ?? (two ? g.concat([g.negative(sums), sums], { axis: 1 }) : sums)];
};
