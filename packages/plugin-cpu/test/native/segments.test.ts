import { describe, expect, it } from 'vitest';
import { builder, Core, Model, Tensor, type Value } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { clustered } from '../../src/compile/order.js';
import { withSegments } from '../../src/compile/segments.js';
import { arena, input, output, plan, step, tensor } from './plans.js';

const core = new Core({ plugins: [cpu()], frontends: [] });
const image = [0, 1, 2, 3];

describe('runs of row-wise steps', () => {
  const tensors = [
    tensor(input(0), image),
    ...Array.from({ length: 6 }, () => tensor(arena, image)),
    tensor(output(0), image),
    tensor(arena, [0]),
  ];
  const segments = (...steps: [family: string, inputs: number[], output: number][]) =>
    withSegments(
      plan({ tensors, inputs: [0], outputs: [7], levels: [steps.map(([family, inputs, out]) => step(family, inputs, [out]))] }),
    ).levels[0]?.segments.map((s) => [s.first, s.count]);

  it('reach as far as results are read only within', () => {
    expect(segments(['conv', [0], 1], ['conv', [1], 2], ['pool', [2], 7])).toEqual([[0, 3]]);
    expect(segments(['conv', [0], 1], ['eltwise', [1], 2], ['conv', [2], 3], ['resize', [3], 7])).toEqual([[2, 2]]);
    // 1 is read again by the last step: the run holds both, or ends before.
    expect(segments(['conv', [0], 1], ['conv', [1], 2], ['conv', [2, 1], 7])).toEqual([[0, 3]]);
    expect(segments(['conv', [0], 1], ['conv', [1], 2], ['conv', [2], 3], ['eltwise', [3, 1], 7])).toEqual([[1, 2]]);
    // 2 and 3 are read outside alone: by a mean, which makes one number for each channel.
    expect(segments(['conv', [0], 1], ['conv', [1], 2], ['conv', [1], 3], ['reduce', [2], 8], ['reduce', [3], 8])).toEqual([[0, 3]]);
    // 2 is read on both sides.
    expect(
      segments(['conv', [0], 1], ['conv', [1], 2], ['conv', [2], 3], ['conv', [3], 4], ['reduce', [2], 8], ['reduce', [4], 8]),
    ).toEqual([
      [0, 2],
      [2, 2],
    ]);
    // Steps side by side are no chain; results of other rank are not strips.
    expect(segments(['conv', [0], 1], ['conv', [0], 2], ['eltwise', [1, 2], 7])).toEqual([]);
    expect(segments(['conv', [0], 1], ['conv', [1], 8], ['eltwise', [8], 7])).toEqual([]);
  });
});

describe('steps that work row by row', () => {
  /** `rows`: which steps do. */
  const order = (rows: readonly number[], ...steps: [inputs: number[], output: number][]) => {
    const list = steps.map(([inputs, out]) => step('conv', inputs, [out]));
    return clustered(list, (s) => rows.includes(s)).map((s) => list.indexOf(s));
  };

  it('wait for their only reader, with what waits for them', () => {
    expect(order([], [[0], 1], [[1], 2])).toEqual([0, 1]);
    expect(order([0, 3], [[0], 1], [[0], 2], [[2], 3], [[1, 3], 4])).toEqual([1, 2, 0, 3]);
    // 0 waits for 1, which waits for 4.
    expect(order([0, 1, 4], [[0], 1], [[1], 2], [[0], 3], [[3], 4], [[2, 4], 5])).toEqual([2, 3, 0, 1, 4]);
  });

  it('stand together with the rowwise steps that read them, after what those need beside', () => {
    // 3 reads 0 as 1 does, and 2, which needs nothing of the run.
    expect(order([0, 1, 3], [[0], 1], [[1], 2], [[0], 3], [[1, 3], 4])).toEqual([2, 0, 1, 3]);
    // 3 needs 2, which needs the run.
    expect(order([0, 1, 3], [[0], 1], [[1], 2], [[1], 3], [[1, 3], 4])).toEqual([0, 1, 2, 3]);
    // What ends there comes before the chain that goes on: 3 before 1 and 2.
    expect(order([0, 1, 2, 3], [[0], 1], [[1], 2], [[2], 3], [[1], 4])).toEqual([0, 3, 1, 2]);
  });
});

/** Bit by bit; a matcher would look at millions of elements one by one. */
const same = ([a, b]: readonly Float32Array[]): boolean => Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
const bytesOf = (a: Float32Array | undefined): Uint8Array => new Uint8Array(a?.buffer ?? new ArrayBuffer(0));

describe('networks in strips', () => {
  const random = (shape: readonly number[], seed: number): Float32Array => {
    let state = seed;
    return Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1,
    );
  };
  const window = (stride: number, pad: number) => ({
    strides: [stride, stride],
    dilations: [1, 1],
    pads_begin: [pad, pad],
    pads_end: [pad, pad],
  });

  /** Stem, depthwise and pointwise with a residual, upsampling: everything that a strip can meet. */
  function network(): Model {
    const g = builder();
    const weights = (shape: readonly number[], seed: number): Value => g.constant('f32', shape, random(shape, seed));
    const x = g.parameter('f32', '?,3,?,?', 'x');
    const a = g.relu(g.convolution(x, weights([24, 3, 3, 3], 1), window(2, 1)));
    const b = g.hSwish(g.groupConvolution(a, weights([24, 1, 1, 5, 5], 2), window(1, 2)));
    const c = g.add(g.convolution(b, weights([24, 24, 1, 1], 3), window(1, 0)), a);
    const d = g.relu(g.convolution(c, weights([32, 24, 3, 3], 4), window(1, 1)));
    const e = g.relu(g.convolution(d, weights([32, 32, 3, 3], 5), window(2, 1)));
    const y = g.convolutionBackpropData(e, weights([32, 8, 2, 2], 6), undefined, window(2, 0));
    return new Model({ name: 'm', parameters: [x.node], results: [g.result(y)], scope: g.scope });
  }

  /** A pyramid's neck: what is upsampled, what comes from the side and its weighting by means meet in a sum that a 3x3 reads. */
  function pyramid(): Model {
    const g = builder();
    const weights = (shape: readonly number[], seed: number): Value => g.constant('f32', shape, random(shape, seed));
    const x = g.parameter('f32', '?,3,?,?', 'x');
    const side = g.convolution(x, weights([12, 3, 3, 3], 1), window(1, 1));
    const deep = g.convolution(side, weights([40, 12, 2, 2], 2), window(2, 0));
    const up = g.interpolate(deep, g.constant('f32', [2], [2, 2]), g.ints([2, 3]), {
      mode: 'nearest',
      shape_calculation_mode: 'scales',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    });
    const wide = g.convolution(side, weights([40, 12, 1, 1], 3), window(1, 0));
    const means = g.sigmoid(
      g.convolution(g.reduceMean(side, g.ints([2, 3]), { keep_dims: true }), weights([40, 12, 1, 1], 4), window(1, 0)),
    );
    const y = g.relu(g.convolution(g.add(g.multiply(wide, means), up), weights([24, 40, 3, 3], 5), window(1, 1)));
    return new Model({ name: 'm', parameters: [x.node], results: [g.result(y)], scope: g.scope });
  }

  it.each([[[1, 3, 66, 34]], [[1, 3, 34, 3002]]])('join what meets from several sides: %j', async (shape) => {
    const outputs: Float32Array[] = [];
    for (const strips of ['NEVER', 'ALWAYS']) {
      const compiled = await core.compileModel(pyramid(), 'CPU', { INFERENCE_NUM_THREADS: 2, CUVEE_STRIPS: strips });
      const [out] = Object.values(compiled.createInferRequest().infer([new Tensor('f32', shape, random(shape, 9))]));
      const { rows } = compiled.explain() as { rows: readonly Record<string, unknown>[] };
      if (strips === 'ALWAYS')
        expect(rows.filter((row) => row['strips'] !== '').map((row) => row['op'])).toEqual(
          expect.arrayContaining(['Interpolate', 'Elementwise']),
        );
      outputs.push(Float32Array.from((out as Tensor).data as Float32Array));
    }
    expect(same(outputs)).toBe(true);
  });

  it.each([1, 2, 3])('give the same bits as whole tensors, with %i threads', async (threads) => {
    for (const shape of [
      [1, 3, 37, 41],
      [2, 3, 64, 32],
      [1, 3, 1, 9],
      [1, 3, 131, 64],
      // Rows so wide that panels of columns keep the strips in the cache.
      [1, 3, 45, 6001],
    ]) {
      const outputs: Float32Array[] = [];
      for (const strips of ['NEVER', 'ALWAYS']) {
        const compiled = await core.compileModel(network(), 'CPU', { INFERENCE_NUM_THREADS: threads, CUVEE_STRIPS: strips });
        const [out] = Object.values(compiled.createInferRequest().infer([new Tensor('f32', shape, random(shape, 9))]));
        const inStrips = compiled.explain()?.rows.filter((row) => row['strips'] !== '').length ?? 0;
        if (strips === 'NEVER' || Number(shape[2]) > 100) expect(inStrips > 0).toBe(strips === 'ALWAYS');
        if (strips === 'ALWAYS' && shape[3] === 6001)
          expect(compiled.explain()?.rows.some((row) => Number(/× (\d+)$/.exec(String(row['strips']))?.[1]) < 3000)).toBe(true);
        outputs.push(Float32Array.from((out as Tensor).data as Float32Array));
      }
      expect(outputs[1]?.length).toBeGreaterThan(0);
      expect(same(outputs)).toBe(true);
    }
  });
});
