import { describe, expect, it } from 'vitest';
import { builder, Core, Model, Tensor, type Builder, type InferRequest, type Value } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';

const core = new Core({ plugins: [cpu(), reference()], frontends: [] });
const floats = (values: readonly number[], shape: readonly number[] = [values.length]): Tensor =>
  new Tensor('f32', shape, Float32Array.from(values));

interface Parts {
  readonly parameters: readonly Value[];
  readonly results: readonly Value[];
  readonly sinks: readonly Value[];
}

const requestOn = async (device: string, make: (g: Builder) => Parts): Promise<InferRequest> => {
  const g = builder();
  const { parameters, results, sinks } = make(g);
  const model = new Model({
    name: 'm',
    parameters: parameters.map((p) => p.node),
    results: results.map((r) => g.result(r)),
    sinks: sinks.map((s) => s.node),
    scope: g.scope,
  });
  return (await core.compileModel(model, device)).createInferRequest();
};

const answers = (request: InferRequest, inputs: readonly Tensor[]): unknown =>
  Object.values(request.infer(inputs)).map((t: Tensor) => [t.shape, Array.from(t.data as Float32Array)]);

/** A cache that grows by each input: [?, 2], at first what `seed` holds. */
const cache = (g: Builder): Parts => {
  const x = g.parameter('f32', '?,2', 'x');
  const seed = g.parameter('f32', '?,2', 'seed');
  const past = g.readValue(seed, { variable_id: 'cache', variable_type: 'f32', variable_shape: '?,2' });
  const now = g.concat([past, x], { axis: 0 });
  const kept = g.assign(now, { variable_id: 'cache' });
  return { parameters: [x, seed], results: [past, g.reduceSum(kept, g.ints([0]), { keep_dims: false })], sinks: [kept] };
};

/** Sums what came so far, without an initial value. */
const accumulator = (g: Builder): Parts => {
  const x = g.parameter('f32', '3', 'x');
  const sum = g.add(g.readValue(undefined, { variable_id: 'sum', variable_type: 'f32', variable_shape: '3' }), x, {});
  const kept = g.assign(sum, { variable_id: 'sum' });
  return { parameters: [x], results: [kept], sinks: [kept] };
};

describe('states', () => {
  it('a cache with an initial value grows, and is reset to the initial value of that run', async () => {
    for (const device of ['CPU', 'REFERENCE']) {
      const request = await requestOn(device, cache);
      const seed = floats([1, 1], [1, 2]);
      expect(answers(request, [floats([2, 3], [1, 2]), seed])).toEqual([
        [
          [1, 2],
          [1, 1],
        ],
        [[2], [3, 4]],
      ]);
      expect(answers(request, [floats([4, 5, 6, 7], [2, 2]), seed])).toEqual([
        [
          [2, 2],
          [1, 1, 2, 3],
        ],
        [[2], [13, 16]],
      ]);
      expect(request.queryState()[0]?.get().shape).toEqual([4, 2]);
      request.resetState();
      expect(answers(request, [floats([0, 0], [1, 2]), floats([], [0, 2])])).toEqual([
        [[0, 2], []],
        [[2], [0, 0]],
      ]);
    }
  });

  it('without an initial value it starts from zeros, each request for itself, and can be set', async () => {
    for (const device of ['CPU', 'REFERENCE']) {
      const request = await requestOn(device, accumulator);
      expect(answers(request, [floats([1, 2, 3])])).toEqual([[[3], [1, 2, 3]]]);
      expect(answers(request, [floats([1, 2, 3])])).toEqual([[[3], [2, 4, 6]]]);
      const other = request.getCompiledModel().createInferRequest();
      expect(answers(other, [floats([5, 5, 5])])).toEqual([[[3], [5, 5, 5]]]);
      request.queryState()[0]?.set(floats([10, 10, 10]));
      expect(answers(request, [floats([1, 1, 1])])).toEqual([[[3], [11, 11, 11]]]);
      expect(Array.from(request.queryState()[0]?.get().data as Float32Array)).toEqual([11, 11, 11]);
    }
  });

  it('a variable takes a constant, and an input as it is', async () => {
    for (const device of ['CPU', 'REFERENCE']) {
      const request = await requestOn(device, (g) => {
        const x = g.parameter('f32', '2', 'x');
        const start = g.constant('f32', [2], [7, 8]);
        const a = g.readValue(start, { variable_id: 'a', variable_type: 'f32', variable_shape: '2' });
        const b = g.readValue(start, { variable_id: 'b', variable_type: 'f32', variable_shape: '2' });
        const sinks = [g.assign(x, { variable_id: 'a' }), g.assign(g.constant('f32', [2], [1, 2]), { variable_id: 'b' })];
        return { parameters: [x], results: [a, b], sinks };
      });
      expect(answers(request, [floats([3, 4])])).toEqual([
        [[2], [7, 8]],
        [[2], [7, 8]],
      ]);
      expect(answers(request, [floats([5, 6])])).toEqual([
        [[2], [3, 4]],
        [[2], [1, 2]],
      ]);
    }
  });
});
