/** Strings, and counting n-grams. */
import { Literal, type Value } from '@cuvee/core';
import { counting, f32, folded, i64, like, rankOf, sizeAt, upTo } from '../build.js';
import type { OnnxNode, OnnxOp } from '../node.js';
import { lineOf } from '../tensor.js';

/** N-grams of one length in the pool: `count` of them from element `from` on, one after the other. */
interface Grams {
  readonly length: number;
  readonly from: number;
  readonly count: number;
}

/** The n-grams of the pool, by length: those of length n from `ngram_counts[n - 1]` on. */
function gramsOf({ attr, invalid }: Pick<OnnxNode, 'attr' | 'invalid'>, pool: number): readonly Grams[] {
  const counts = attr.ints('ngram_counts');
  return counts.flatMap((from, i) => {
    const end = counts[i + 1] ?? pool;
    if (!(from >= 0 && end >= from && end <= pool) || (end - from) % (i + 1) !== 0)
      throw invalid(`attribute "ngram_counts" does not divide ${pool} elements`);
    return end === from ? [] : [{ length: i + 1, from, count: (end - from) / (i + 1) }];
  });
}

/** How often each of the pool's n-grams of one length is in each row, [rows, count] in f32. `x` is [rows, columns], `step` from one element to the next. */
function counted({ g }: Pick<OnnxNode, 'g'>, x: Value, pool: Literal, { length, from, count }: Grams, step: number): Value {
  const windows = g.maximum(g.subtract(sizeAt(g, x, 1), i64(g, (length - 1) * step)), i64(g, 0));
  const starts = g.unsqueeze(counting(g, windows), g.ints([1]));
  const places = g.add(starts, g.ints(upTo(length).map((k) => k * step)));
  const grams = g.unsqueeze(g.gather(x, places, i64(g, 1)), g.ints([2]));
  const elements = Array.from(pool.nd().data as unknown as ArrayLike<number | string>).slice(from, from + count * length);
  const type = pool.type === 'string' ? 'string' : x.fact.type;
  const table = g.constant(Literal.from(type, [count, length], type === 'string' ? elements : elements.map(Number)));
  const same = g.reduceLogicalAnd(g.equal(grams, table), g.ints([3]), { keep_dims: false });
  return g.reduceSum(g.cast(same, 'f32'), g.ints([1]), { keep_dims: false });
}

/** The steps from one element to the next that n-grams of a length may have; single elements count once. Empty for lengths that do not count. */
function stepsOf({ attr, unsupported }: Pick<OnnxNode, 'attr' | 'unsupported'>, length: number): readonly number[] {
  const skips = attr.int('max_skip_count');
  if (skips < 0 || skips > 255) throw unsupported(`max_skip_count ${skips}`);
  if (length < attr.int('min_gram_length') || length > attr.int('max_gram_length')) return [];
  return length === 1 ? [1] : upTo(skips + 2, 1);
}

/**
 * Counts (TF), or weights of those there are (IDF), or both multiplied, of the pool's n-grams from `min_gram_length` to `max_gram_length`
 * elements long, which may be up to `max_skip_count` elements apart.
 */
export const TfIdfVectorizer: OnnxOp = (node) => {
  const { g, attr, inputs } = node;
  const texts = attr.texts('pool_strings', []);
  const pool = texts.length > 0 ? lineOf('string', texts) : lineOf('i64', attr.ints('pool_int64s'));
  const flat = rankOf(node, inputs[0]) === 1;
  const x = flat ? g.unsqueeze(inputs[0], g.ints([0])) : inputs[0];
  const parts = gramsOf(node, pool.size).map((grams) => {
    const steps = stepsOf(node, grams.length);
    const sums = steps.map((step) => counted(node, x, pool, grams, step));
    return sums.length > 0 ? folded(sums, (a, b) => g.add(a, b)) : g.multiply(counted(node, x, pool, grams, 1), f32(g, 0));
  });
  const y = ordered(node, weighted(node, g.concat(parts, { axis: 1 })));
  return flat ? g.squeeze(y, g.ints([0])) : y;
};

function weighted({ g, attr }: Pick<OnnxNode, 'g' | 'attr'>, counts: Value): Value {
  const mode = attr.word('mode', ['TF', 'IDF', 'TFIDF']);
  const weights = attr.floats('weights', []);
  if (mode === 'TF' || weights.length === 0) return mode === 'IDF' ? g.cast(g.greater(counts, like(g, counts, 0)), 'f32') : counts;
  const factor = mode === 'IDF' ? g.cast(g.greater(counts, like(g, counts, 0)), 'f32') : counts;
  return g.multiply(factor, g.constant('f32', [weights.length], weights));
}

/** Columns in the places that `ngram_indexes` gives them; places without an n-gram are 0. */
function ordered({ g, attr, invalid }: Pick<OnnxNode, 'g' | 'attr' | 'invalid'>, counts: Value): Value {
  const places = attr.ints('ngram_indexes');
  if (places.every((place, i) => place === i)) return counts;
  const width = Math.max(...places) + 1;
  if (places.some((p) => p < 0) || width > 2 ** 24)
    throw invalid(`attribute "ngram_indexes" reaches from ${Math.min(...places)} to ${width - 1}`);
  const from = new Array<number>(width).fill(places.length);
  places.forEach((place, i) => void (from[place] = i));
  const zero = g.multiply(g.slice(counts, g.ints([0]), g.ints([1]), g.ints([1]), g.ints([1])), like(g, counts, 0));
  return g.gather(g.concat([counts, zero], { axis: 1 }), g.constant('i64', [width], from), g.constant('i64', [], [1]));
}

export const StringConcat: OnnxOp<2> = ({ g, inputs: [a, b] }) => g.stringConcat(a, b);
export const StringSplit: OnnxOp = ({ g, inputs: [x], attr }) =>
  g.stringSplit(x, { delimiter: attr.text('delimiter', ''), maxsplit: attr.int('maxsplit', -1) });
export const RegexFullMatch: OnnxOp = ({ g, inputs: [x], attr }) => g.regexFullMatch(x, { pattern: attr.text('pattern', '') });
export const StringNormalizer: OnnxOp = ({ g, inputs: [x], attr }) =>
  g.stringNormalizer(x, {
    case_change_action: attr.word('case_change_action', ['NONE', 'LOWER', 'UPPER'], 'NONE'),
    is_case_sensitive: attr.bool('is_case_sensitive'),
    stopwords: attr.texts('stopwords', []),
    locale: attr.text('locale', '') || 'en-US',
  });
