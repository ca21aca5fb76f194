/** Support vector machines of ai.onnx.ml: kernels, decisions between pairs of classes, votes and probabilities. */
import type { Builder, Value } from '@cuvee/core';
import { like, times, timesRows, upTo } from './build.js';
import type { OnnxNode } from './node.js';
import { withBase } from './scores.js';

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

/** [rows, 2]: of a machine for two classes with `prob_a` and `prob_b` (Platt 1999); undefined for one without. */
export function probabilities({ g, attr, unsupported }: OnnxNode, sums: Value, { classes }: Machine): Value | undefined {
  const [a, b] = [attr.floats('prob_a', []), attr.floats('prob_b', [])];
  if (a.length === 0) return undefined;
  if (classes !== 2) throw unsupported('probabilities of more than two classes');
  const p = g.sigmoid(g.negative(g.add(g.multiply(sums, like(g, sums, a[0] as number)), like(g, sums, b[0] as number))));
  return g.concat([p, g.subtract(like(g, p, 1), p)], { axis: 1 });
}
