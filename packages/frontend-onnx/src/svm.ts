/** Support vector machines of ai.onnx.ml: kernels, decisions between pairs of classes, votes and probabilities. */
import { builder, Model, type Builder, type Value } from '@cuvee/core';
import { f32, i64, like, sizesOf, sliced, times, timesRows, upTo } from './build.js';
import type { OnnxNode } from './node.js';
import { withBase } from './scores.js';
import { lineOf } from './tensor.js';
import { dropUnread } from './unread.js';

/** K(x, support vectors), [rows, vectors]: linear, polynomial, radial or sigmoid with kernel_params gamma, coef0, degree. */
export function kernel({ g, attr }: OnnxNode, x: Value, count: number): Value {
  const list = attr.floats('support_vectors', []);
  const vectors = g.constant('f32', [count, list.length / count], list);
  const [gamma = 1, coef = 0, degree = 1] = attr.floats('kernel_params', []);
  const scaled = (): Value => g.add(g.multiply(timesRows(g, x, vectors), like(g, x, gamma)), like(g, x, coef));
  const radial = (): Value => {
    const apart = g.subtract(g.unsqueeze(x, g.ints([1])), g.unsqueeze(vectors, g.ints([0])));
    return g.exp(g.multiply(g.reduceSum(g.multiply(apart, apart), g.ints([2]), { keep_dims: false }), like(g, x, -gamma)));
  };
  const kinds = {
    LINEAR: () => timesRows(g, x, vectors),
    POLY: () => g.power(scaled(), like(g, x, degree)),
    SIGMOID: () => g.tanh(scaled()),
    RBF: radial,
  } as const;
  return kinds[attr.word('kernel_type', ['LINEAR', 'POLY', 'RBF', 'SIGMOID'], 'LINEAR')]();
}

/** How the support vectors are divided among classes, and which pairs of classes are decided, in order. */
export interface Machine {
  readonly classes: number;
  /** number of support vectors */
  readonly count: number;
  /** first vector of each class, and the number of all at the end */
  readonly starts: readonly number[];
  readonly pairs: readonly (readonly [number, number])[];
}

/** The machine of a classifier. Throws MODEL_UNSUPPORTED for one without support vectors. */
export function machineOf({ attr, unsupported }: OnnxNode): Machine {
  const sizes = attr.ints('vectors_per_class', []);
  const starts = [0];
  for (const size of sizes) starts.push((starts.at(-1) as number) + size);
  const [classes, count] = [sizes.length, starts.at(-1) as number];
  if (count < 1 || classes < 2 || attr.floats('coefficients').length !== (classes - 1) * count)
    throw unsupported('a linear machine without support vectors');
  const pairs = upTo(classes).flatMap((i) => upTo(classes, i + 1).map((j) => [i, j] as const));
  return { classes, count, starts, pairs };
}

/** [rows, pairs]: above 0 where the first class of a pair is the nearer one. Only the vectors of both classes count. */
export function decisions(node: OnnxNode, x: Value, { count, starts, pairs }: Machine): Value {
  const { g, attr } = node;
  const coefficients = attr.floats('coefficients');
  const share = (vector: number, own: number, row: number): number =>
    vector >= (starts[own] as number) && vector < (starts[own + 1] as number) ? (coefficients[row * count + vector] as number) : 0;
  const matrix = upTo(count).flatMap((v) => pairs.map(([i, j]) => share(v, i, j - 1) + share(v, j, i)));
  return withBase(g, times(g, kernel(node, x, count), g.constant('f32', [count, pairs.length], matrix)), attr.floats('rho'));
}

/** [rows, classes]: how many of its pairs each class wins. */
export function votes(g: Builder, sums: Value, { classes, pairs }: Machine): Value {
  const first = g.cast(g.greater(sums, like(g, sums, 0)), 'f32');
  const counted = (who: 0 | 1): Value =>
    g.constant(
      'f32',
      [pairs.length, classes],
      pairs.flatMap((pair) => upTo(classes).map((c) => (pair[who] === c ? 1 : 0))),
    );
  return g.add(times(g, first, counted(0)), times(g, g.subtract(like(g, first, 1), first), counted(1)));
}

/**
 * [rows, classes]: of a machine with `prob_a` and `prob_b`; undefined for one without. Each pair's decision becomes a probability (Platt
 * 1999), and those of all pairs are joined (Wu, Lin and Weng 2004).
 */
export function probabilities({ g, attr }: OnnxNode, sums: Value, { classes, pairs }: Machine): Value | undefined {
  const [a, b] = [attr.floats('prob_a', []), attr.floats('prob_b', [])];
  if (a.length === 0) return undefined;
  const line = (values: readonly number[]): Value => g.constant(lineOf('f32', values));
  const p = g.sigmoid(g.negative(g.add(g.multiply(sums, line(a)), line(b))));
  const other = g.subtract(f32(g, 1), p);
  if (classes === 2) return g.concat([p, other], { axis: 1 });
  const limited = [p, other].map((x) => g.clamp(x, { min: 1e-7, max: 1 - 1e-7 }));
  return coupled(g, pairwise(g, limited, classes, pairs), classes);
}

/** [rows, classes, classes]: how likely a row's class is i when it is i or j; 0 for i = j. */
function pairwise(g: Builder, both: readonly Value[], classes: number, pairs: Machine['pairs']): Value {
  const none = g.multiply(sliced(g, both[0] as Value, 1, 0, 1), f32(g, 0));
  const place = (i: number, j: number): number => {
    if (i === j) return 2 * pairs.length;
    const found = pairs.findIndex(([a, b]) => a === Math.min(i, j) && b === Math.max(i, j));
    return i < j ? found : pairs.length + found;
  };
  const places = upTo(classes).flatMap((i) => upTo(classes).map((j) => place(i, j)));
  return g.reshape(g.gather(g.concat([...both, none], { axis: 1 }), g.ints(places), i64(g, 1)), g.ints([0, classes, classes]), {
    special_zero: true,
  });
}

/** Most rounds of the iteration, and how exact it is, by LIBSVM. */
const rounds = 100;
const exactness = 0.005;

/** [rows, classes]: the probabilities that agree best with the pairwise ones: Algorithm 2 of Wu, Lin and Weng, all rows at once. */
function coupled(g: Builder, r: Value, classes: number): Value {
  const turned = g.transpose(r, g.ints([0, 2, 1]));
  const own = g.reduceSum(g.multiply(turned, turned), g.ints([2]), { keep_dims: true });
  const eye = g.constant(
    'f32',
    [classes, classes],
    upTo(classes * classes).map((at) => (at % (classes + 1) === 0 ? 1 : 0)),
  );
  const q = g.subtract(g.multiply(own, eye), g.multiply(turned, r));
  const first = g.broadcast(f32(g, 1 / classes), g.concat([sizesOf(g, r, [0]), g.ints([classes])], { axis: 0 }), undefined, {
    mode: 'numpy',
  });
  const [last] = g.loop(i64(g, rounds), g.constant('boolean', [], [true]), [first, q], {
    body: round(classes),
    inputs: [
      { external: 2, internal: 0, backEdge: 1 },
      { external: 3, internal: 1 },
    ],
    outputs: [
      { external: -1, internal: 0, purpose: 'execution_condition' },
      { external: 0, internal: 1 },
    ],
  });
  return last as Value;
}

/** One round: parameters p [rows, classes] and Q; results whether to go on, and the next p, which rows that are exact keep. */
function round(classes: number): Model {
  const g = builder();
  const [p, q] = [g.parameter('f32', ['?', classes]), g.parameter('f32', ['?', classes, classes])];
  const column = (x: Value, i: number): Value => sliced(g, x, 1, i, i + 1);
  let products = g.squeeze(g.matMul(q, g.unsqueeze(p, g.ints([2])), { transpose_a: false, transpose_b: false }), g.ints([2]));
  let value = g.reduceSum(g.multiply(p, products), g.ints([1]), { keep_dims: true });
  const error = g.reduceMax(g.abs(g.subtract(products, value)), g.ints([1]), { keep_dims: true });
  const open = g.greaterEqual(error, f32(g, exactness / classes));
  let next = p;
  for (const i of upTo(classes)) {
    const row = g.squeeze(sliced(g, q, 1, i, i + 1), g.ints([1]));
    const [diagonal, product] = [column(row, i), column(products, i)];
    const step = g.divide(g.subtract(value, product), diagonal);
    const whole = g.add(step, f32(g, 1));
    const grown = g.multiply(step, g.add(g.multiply(step, diagonal), g.multiply(product, f32(g, 2))));
    value = g.divide(g.divide(g.add(value, grown), whole), whole);
    products = g.divide(g.add(products, g.multiply(step, row)), whole);
    const here = g.constant(
      'f32',
      [classes],
      upTo(classes).map((k) => (k === i ? 1 : 0)),
    );
    next = g.divide(g.add(next, g.multiply(step, here)), whole);
  }
  const going = g.reduceLogicalOr(open, g.ints([0, 1]), { keep_dims: false });
  const results = [going, g.select(open, next, p)].map((result) => g.result(result));
  const model = new Model({ name: 'coupling', parameters: [p.node, q.node], results, scope: g.scope });
  dropUnread(model);
  return model;
}
