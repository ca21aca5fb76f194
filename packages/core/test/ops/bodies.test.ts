/** @file Shapes through bodies: branches that meet, carried values that stay, grow or change, outputs collected turn by turn. */
import { describe, expect, test } from 'vitest';
import { builder, Model, printFact, type Builder, type Value } from '../../src/index.js';

/** Symbols by short names. */
const shown = (v: Value | undefined): string =>
  printFact((v as Value).fact)
    .replaceAll(/x\.(\d)/g, 'x$1')
    .replaceAll(/\w+#\d+(_\d+)?/g, '?');

function body(
  types: readonly (readonly [type: 'f32' | 'i64' | 'boolean', shape: string])[],
  make: (g: Builder, ...args: Value[]) => readonly Value[],
): Model {
  const g = builder();
  const parameters = types.map(([type, shape], i) => g.parameter(type, shape, `p${i}`));
  return new Model({
    name: 'body',
    parameters: parameters.map((p) => p.node),
    results: make(g, ...parameters).map((v) => g.result(v)),
    scope: g.scope,
  });
}

describe('Loop', () => {
  /** x carried through `make` for the given number of turns; with it the sums of each turn. */
  function loop(turns: number | undefined, make: (g: Builder, x: Value) => Value, shape = '[?,3]') {
    const g = builder();
    const x = g.parameter('f32', shape, 'x');
    const model = body([['f32', '...']], (b, y) => [
      b.constant('boolean', [], [true]),
      make(b, y),
      b.reduceSum(make(b, y), b.ints([0, 1]), { keep_dims: true }),
    ]);
    const count = turns === undefined ? g.parameter('i64', '[]', 'n') : g.constant('i64', [], [turns]);
    const outputs = g.loop(count, g.constant('boolean', [], [true]), [x], {
      body: model,
      inputs: [{ external: 2, internal: 0, backEdge: 1 }],
      outputs: [
        { external: -1, internal: 0, purpose: 'execution_condition' },
        { external: 0, internal: 1 },
        { external: 1, internal: 2, axis: 0, start: 0, end: -1, stride: 1, partSize: 1 },
      ],
    });
    return { outputs, inner: model.parameters[0]?.output };
  }

  test('a carried shape that stays is that of the start, in the body too', () => {
    const { outputs, inner } = loop(5, (g, x) => g.negative(x));
    expect(outputs.map(shown)).toEqual(['f32 [x0,3]', 'f32 [5,1]']);
    expect(shown(inner)).toBe('f32 [x0,3]');
  });
  test('a carried shape that grows by so much each turn is a sum', () => {
    const { outputs } = loop(5, (g, x) => g.concat([x, g.constant('f32', [2, 3], [0, 0, 0, 0, 0, 0])], { axis: 0 }));
    expect(outputs.map(shown)).toEqual(['f32 [x0+10,3]', 'f32 [5,1]']);
  });
  test('a static start that grows is a number', () => {
    expect(loop(5, (g, x) => g.concat([x, g.constant('f32', [1, 3], [0, 0, 0])], { axis: 0 }), '[3,3]').outputs.map(shown)).toEqual([
      'f32 [8,3]',
      'f32 [5,1]',
    ]);
  });
  test('a shape that each turn makes anew is that, or the start when there is no turn', () => {
    expect(shown(loop(5, (g, x) => g.broadcast(g.reduceSum(x, g.ints([0, 1]), {}), g.ints([4, 3]), undefined)).outputs[0])).toBe(
      'f32 [4,3]',
    );
    expect(shown(loop(0, (g, x) => g.broadcast(g.reduceSum(x, g.ints([0, 1]), {}), g.ints([4, 3]), undefined)).outputs[0])).toBe(
      'f32 [x0,3]',
    );
  });
  test('a shape that no rule covers is open, the others are kept', () => {
    expect(shown(loop(5, (g, x) => g.concat([x, x], { axis: 0 })).outputs[0])).toBe('f32 [?,3]');
  });
  test('turns that only the run tells leave collected outputs open', () => {
    expect(loop(undefined, (g, x) => g.negative(x)).outputs.map(shown)).toEqual(['f32 [x0,3]', 'f32 [?,1]']);
  });
});

describe('TensorIterator', () => {
  test('turns are the parts of the sliced axis, backwards and forwards', () => {
    for (const stride of [1, -1]) {
      const g = builder();
      const x = g.parameter('f32', '[?,?,4]', 'x');
      const range = stride > 0 ? { axis: 1, start: 0, end: -1, stride, partSize: 1 } : { axis: 1, start: -1, end: 0, stride, partSize: 1 };
      const model = body([['f32', '...']], (b, y) => [b.negative(y)]);
      const outputs = g.tensorIterator([x], {
        body: model,
        inputs: [{ external: 0, internal: 0, ...range }],
        outputs: [{ external: 0, internal: 0, ...range }],
      });
      expect(outputs.map(shown)).toEqual(['f32 [x0,x1,4]']);
      expect(shown(model.parameters[0]?.output)).toBe('f32 [x0,1,4]');
    }
  });
});

describe('If', () => {
  /** x, or x twice, by a condition. */
  function branches(condition: (g: Builder, x: Value) => Value) {
    const g = builder();
    const x = g.parameter('f32', '[?]', 'x');
    const port = [{ external: 1, internal: 0 }];
    const outputs = g.if(condition(g, x), [x], {
      then_body: body([['f32', '...']], (_, y) => [y]),
      then_inputs: port,
      then_outputs: [{ external: 0, internal: 0 }],
      else_body: body([['f32', '...']], (b, y) => [b.concat([y, y], { axis: 0 })]),
      else_inputs: port,
      else_outputs: [{ external: 0, internal: 0 }],
    });
    return shown(outputs[0]);
  }
  test('a condition that is known leaves one branch', () => {
    expect(branches((g) => g.constant('boolean', [], [true]))).toBe('f32 [x0]');
    expect(branches((g) => g.constant('boolean', [], [false]))).toBe('f32 [2*x0]');
  });
  test('a condition on sizes selects', () => {
    expect(branches((g, x) => g.less(g.shapeOf(x), g.ints([8])))).toMatch(/^f32 \[sel\(.*\)\]$/);
  });
  test('any other condition leaves the size open', () => {
    expect(branches((g) => g.parameter('boolean', '[]', 'c'))).toBe('f32 [?]');
  });
  test('a condition that is known decomposes into the branch', () => {
    const g = builder();
    const x = g.parameter('f32', '[?]', 'x');
    const port = [{ external: 1, internal: 0 }];
    const [out] = g.if(g.constant('boolean', [], [false]), [x], {
      then_body: body([['f32', '...']], (_, y) => [y]),
      then_inputs: port,
      then_outputs: [{ external: 0, internal: 0 }],
      else_body: body([['f32', '...']], (b, y) => [b.negative(b.abs(y))]),
      else_inputs: port,
      else_outputs: [{ external: 0, internal: 0 }],
    }) as [Value];
    const [plain] = out.node.op.decompose?.(g, out.node.inputs, out.node.attributes) ?? [];
    expect([plain?.node.op.name, plain?.node.input(0).node.op.name, plain?.node.input(0).node.input(0)]).toEqual(['Negative', 'Abs', x]);
  });
});
