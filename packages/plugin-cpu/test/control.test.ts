import { describe, expect, it } from 'vitest';
import { builder, Core, Model, Tensor, type Builder, type Value } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';

const core = new Core({ plugins: [cpu(), reference()], frontends: [] });
const modelOf = (g: Builder, parameters: readonly Value[], results: readonly Value[]): Model =>
  new Model({ name: 'm', parameters: parameters.map((p) => p.node), results: results.map((r) => g.result(r)), scope: g.scope });

/** What both devices answer; the CPU's in one synchronous call of the addon. */
async function both(model: Model, inputs: readonly Tensor[]): Promise<void> {
  const run = async (device: string): Promise<(readonly [readonly number[], number[]])[]> => {
    const compiled = await core.compileModel(model, device);
    const results = compiled.createInferRequest().infer(inputs);
    return Object.values(results).map((t: Tensor) => [t.shape, Array.from(t.data as ArrayLike<number | bigint>, Number)] as const);
  };
  expect(await run('CPU')).toEqual(await run('REFERENCE'));
}

const floats = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  new Tensor('f32', shape, Float32Array.from(values));
const count = (n: number): Tensor => new Tensor('i64', [], BigInt64Array.of(BigInt(n)));

describe('sizes that only the run tells', () => {
  it('elements found by NonZero are gathered, scaled and summed', async () => {
    const g = builder();
    const x = g.parameter('f32', '?', 'x');
    const places = g.squeeze(g.nonZero(x, { output_type: 'i64' }), g.ints([0]), {});
    const found = g.multiply(g.gather(x, places, g.constant('i64', [], [0]), {}), g.constant('f32', [], [2]), {});
    const model = modelOf(g, [x], [places, found, g.reduceSum(found, g.ints([0]), { keep_dims: false })]);
    await both(model, [floats([0, 3, 0, -1, 5])]);
    await both(model, [floats([0, 0])]);
    await both(model, [floats([])]);
  });

  it('an index outside its axis is an error that names the step', async () => {
    const g = builder();
    const x = g.parameter('f32', '?', 'x');
    const at = g.parameter('i64', '?', 'at');
    const model = modelOf(g, [x, at], [g.gather(x, at, g.constant('i64', [], [0]), {})]);
    const request = (await core.compileModel(model, 'CPU')).createInferRequest();
    expect(() => request.infer([floats([1, 2]), new Tensor('i64', [1], BigInt64Array.of(2n))])).toThrow(
      /index 2 is outside an axis of length 2/,
    );
    expect(() => request.infer([floats([1, 2]), new Tensor('i64', [1], BigInt64Array.of(-3n))])).toThrow(/index -3/);
  });

  it('axes of reductions, slices and transposes as inputs', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,?', 'x');
    const axes = g.parameter('i64', '1', 'axes');
    const order = g.parameter('i64', '2', 'order');
    const model = modelOf(
      g,
      [x, axes, order],
      [
        g.reduceSum(x, axes, { keep_dims: false }),
        g.reduceMax(x, axes, { keep_dims: true }),
        g.transpose(x, order, {}),
        g.slice(x, g.ints([-1]), g.ints([-100]), g.ints([-1]), axes),
      ],
    );
    const data = floats([1, 2, 3, 4, 5, 6], [2, 3]);
    await both(model, [data, new Tensor('i64', [1], BigInt64Array.of(1n)), new Tensor('i64', [2], BigInt64Array.of(1n, 0n))]);
    await both(model, [data, new Tensor('i64', [1], BigInt64Array.of(-2n)), new Tensor('i64', [2], BigInt64Array.of(0n, 1n))]);
  });
});

/** A body (turn, x) → (x has fewer than `most` elements, x with the turn behind it, the sum of x). */
function growing(most: number): Model {
  const g = builder();
  const turn = g.parameter('i64', '[]', 'turn');
  const x = g.parameter('f32', '?', 'carried');
  const next = g.concat([x, g.unsqueeze(g.cast(turn, 'f32'), g.ints([0]), {})], { axis: 0 });
  const go = g.less(g.squeeze(g.shapeOf(next, {}), g.ints([0]), {}), g.constant('i64', [], [most]), {});
  return modelOf(g, [turn, x], [go, next, g.reduceSum(x, g.ints([0]), { keep_dims: true })]);
}

describe('bodies', () => {
  it('a loop whose carried value grows until its own condition ends it', async () => {
    const g = builder();
    const trips = g.parameter('i64', '[]', 'trips');
    const x = g.parameter('f32', '?', 'x');
    const [last, sums] = g.loop(trips, g.constant('boolean', [], [true]), [x], {
      body: growing(6),
      inputs: [
        { external: -1, internal: 0, purpose: 'current_iteration' },
        { external: 2, internal: 1, backEdge: 1 },
      ],
      outputs: [
        { external: -1, internal: 0, purpose: 'execution_condition' },
        { external: 0, internal: 1 },
        { external: 1, internal: 2, axis: 0, start: 0, end: -1, stride: 1, partSize: 1 },
      ],
    }) as [Value, Value];
    const model = modelOf(g, [trips, x], [g.relu(last), sums]);
    for (const [n, values] of [
      [10, [1, -2]],
      [2, [1, -2, 3]],
      [1, []],
      [-1, [4]],
    ] as const)
      await both(model, [count(n), floats(values)]);
  });

  it('a branch chosen by data, with results of different sizes', async () => {
    const branch = (make: (g: Builder, x: Value) => Value): Model => {
      const g = builder();
      const x = g.parameter('f32', '?', 'inner');
      return modelOf(g, [x], [make(g, x)]);
    };
    const g = builder();
    const x = g.parameter('f32', '?', 'x');
    const yes = g.greater(g.reduceSum(x, g.ints([0]), { keep_dims: false }), g.constant('f32', [], [0]), {});
    const ports = [{ external: 1, internal: 0 }];
    const results = [{ external: 0, internal: 0 }];
    const [y] = g.if(yes, [x], {
      then_body: branch((b, v) => b.multiply(v, b.constant('f32', [], [3]), {})),
      then_inputs: ports,
      then_outputs: results,
      else_body: branch((b, v) => b.concat([v, v], { axis: 0 })),
      else_inputs: ports,
      else_outputs: results,
    }) as [Value];
    const model = modelOf(g, [x], [g.negative(y)]);
    await both(model, [floats([1, 2])]);
    await both(model, [floats([-1, -2, -3])]);
  });
});
