import { describe, expect, it } from 'vitest';
import { builder, CuveeError, Model, type Builder, type Value } from '@cuvee/core';
import { rowsOf, withoutRows } from '../src/rows.js';

/** A model of one input, or of two. */
function model(shape: string, body: (g: Builder, x: Value, y: Value) => Value | readonly Value[], type: 'f32' | 'i64' = 'f32'): Model {
  const g = builder();
  const x = g.parameter(type, shape, 'x');
  const y = g.parameter('f32', shape, 'y');
  const made = [body(g, x, y)].flat() as Value[];
  const all = new Set<Value>();
  const visit = (v: Value): void => {
    all.add(v);
    for (const i of v.node.inputs) if (i) visit(i);
  };
  made.forEach(visit);
  const parameters = [x, y].filter((v) => all.has(v)).map((v) => v.node);
  return new Model({ name: 'm', parameters, results: made.map((v, i) => g.result(v, `out${i}`)), scope: g.scope });
}
const constant = (g: Builder, ...shape: number[]): Value =>
  g.constant(
    'f32',
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i)),
  );

const pooling = { strides: [2, 2], dilations: [1, 1], pads_begin: [0, 0], pads_end: [0, 0], kernel: [2, 2] } as const;

describe('rows stay apart in', () => {
  const cases: Record<string, () => Model> = {
    'products and activations': () => model('1,8', (g, x) => g.relu(g.add(g.matMul(x, constant(g, 8, 4)), constant(g, 4)))),
    'convolutions with pooling': () =>
      model('1,3,8,8', (g, x) => {
        const c = g.convolution(x, constant(g, 4, 3, 3, 3), { strides: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] });
        const p = g.reduceMean(c, g.ints([2, 3]), { keep_dims: false });
        return g.softmax(p, { axis: 1 });
      }),
    'the largest of windows, whose indices nobody reads': () => model('1,2,4,4', (g, x) => g.maxPool(x, pooling)[0] as Value),
    'a reshape that joins rows and parts them again': () =>
      model('1,6,4', (g, x) =>
        g.reshape(g.matMul(g.reshape(x, g.ints([-1, 4]), { special_zero: false }), constant(g, 4, 5)), g.ints([-1, 6, 5]), {
          special_zero: false,
        }),
      ),
    'attention with transposes': () =>
      model('1,6,4', (g, x) => {
        const scores = g.softmax(g.matMul(x, x, { transpose_a: false, transpose_b: true }), { axis: -1 });
        return g.matMul(scores, x);
      }),
    'look-ups of rows of indices': () => model('1,5', (g, x) => g.gather(constant(g, 7, 3), x, g.constant('i64', [], [0])), 'i64'),
    'normalisation within a row': () =>
      model('1,6,4', (g, x) => g.mvn(x, g.ints([-1]), { normalize_variance: true, eps: 1e-5, eps_mode: 'INSIDE_SQRT' })),
    'two inputs that meet': () => model('1,4', (g, x, y) => [g.concat([x, y], { axis: 1 }), g.multiply(x, y)]),
    'shapes that follow the batch': () =>
      model('1,2,3', (g, x) => {
        const n = g.gather(g.shapeOf(x, { output_type: 'i64' }), g.ints([0]), g.constant('i64', [], [0]));
        return g.reshape(x, g.concat([n, g.ints([-1])], { axis: 0 }), { special_zero: false });
      }),
    'free sizes beside the batch': () => model('?,3,?', (g, x) => g.reduceMax(g.sigmoid(x), g.ints([2]), { keep_dims: false })),
    'an output that is the same for all': () => model('1,4', (g, x) => [g.relu(x), g.add(constant(g, 2), constant(g, 2))]),
  };
  it.each(Object.keys(cases))('%s', (name) => {
    expect(rowsOf(cases[name]?.() as Model)[0]).toBeDefined();
  });
});

describe('a batch is refused, naming the node, for', () => {
  const cases: Record<string, readonly [make: () => Model, op: string, text: RegExp]> = {
    'Softmax over the batch': [() => model('1,4', (g, x) => g.softmax(x, { axis: 0 })), 'ReduceMax|Softmax', /mixes rows|one size/],
    'a sum over the batch': [
      () => model('1,4', (g, x) => g.reduceSum(x, g.ints([0]), { keep_dims: true })),
      'ReduceSum',
      /one size for any batch/,
    ],
    'a running sum over the batch': [() => model('1,4', (g, x) => g.cumSum(x, g.constant('i64', [], [0]))), 'CumSum', /mixes rows/],
    'rows turned round': [
      () => model('1,4', (g, x) => g.reverse(x, g.ints([0]), { mode: 'index' })),
      'Reverse|Gather|Slice|StridedSlice',
      /mixes rows/,
    ],
    'rows times rows': [
      () => model('1,4', (g, x) => g.matMul(x, x, { transpose_a: false, transpose_b: true })),
      'MatMul',
      /relates each row to each/,
    ],
    'a product summed over rows': [
      () => model('1,4', (g, x) => g.matMul(x, x, { transpose_a: true, transpose_b: false })),
      'MatMul',
      /one size for any batch/,
    ],
    'the batch put last': [() => model('1,4', (g, x) => g.transpose(x, g.ints([1, 0]))), 'Transpose', /the batch must be the first/],
    'a shape written down': [
      () => model('1,2,3', (g, x) => g.matMul(g.reshape(x, g.ints([1, 6]), { special_zero: false }), constant(g, 6, 2))),
      'Reshape',
      /takes only one row/,
    ],
    'a shape half written down': [
      () => model('1,2,3', (g, x) => g.matMul(g.reshape(x, g.ints([1, -1]), { special_zero: false }), constant(g, 6, 2))),
      'Reshape',
      /where later operations take only one/,
    ],
    'indices into the whole batch': [() => model('1,2,4,4', (g, x) => g.maxPool(x, pooling)), 'MaxPool', /mixes rows/],
    'one row picked': [
      () => model('1,4', (g, x) => g.gather(x, g.constant('i64', [1], [0]), g.constant('i64', [], [0]))),
      'Gather',
      /one size/,
    ],
    'rows put after a constant': [() => model('1,4', (g, x) => g.concat([constant(g, 1, 4), x], { axis: 0 })), 'Concat', /in dimension 0/],
    'sizes as an output': [() => model('1,4', (g, x) => [g.relu(x), g.shapeOf(x, { output_type: 'i64' })]), 'Result', /gives sizes/],
    'as many as the data say': [() => model('1,4', (g, x) => g.nonZero(x)), 'NonZero', /as much as the data say/],
    'numbers of rows': [
      () =>
        model('1,4', (g, x) => {
          const n = g.gather(g.shapeOf(x, { output_type: 'i64' }), g.constant('i64', [], [0]), g.constant('i64', [], [0]));
          const rows = g.range(g.constant('i64', [], [0]), n, g.constant('i64', [], [1]), { output_type: 'f32' });
          return g.add(x, g.unsqueeze(rows, g.ints([1])));
        }),
      'Range',
      /mixes rows/,
    ],
    'the best of all rows': [
      () => model('1,4', (g, x) => g.topK(x, g.constant('i64', [], [1]), { axis: 0, mode: 'max', sort: 'value' })[0] as Value),
      'TopK',
      /one size/,
    ],
    chance: [
      () =>
        model('1,4', (g, x) =>
          g.add(x, g.randomUniform(g.shapeOf(x, { output_type: 'i64' }), constant(g, 1), constant(g, 1), { output_type: 'f32' })),
        ),
      'RandomUniform',
      /random/,
    ],
  };
  it.each(Object.keys(cases))('%s', (name) => {
    const [make, op, text] = cases[name] as (typeof cases)[string];
    let error: unknown;
    try {
      rowsOf(make());
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(CuveeError);
    expect(error).toMatchObject({ code: 'MODEL_UNSUPPORTED', op: expect.stringMatching(new RegExp(`^(${op})$`)) as string });
    expect((error as CuveeError).message).toMatch(text);
  });
  it.each([
    ['3,4', /its first is not 1/],
    ['2..5,4', /its first is not 1/],
    ['[]', /no batch dimension/],
  ])('an input of shape %s', (shape, text) => {
    expect(withoutRows(model(shape, (g, x) => g.relu(x)))).toMatch(text);
  });
});
