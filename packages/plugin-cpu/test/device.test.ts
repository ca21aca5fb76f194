import { describe, expect, it } from 'vitest';
import { builder, Core, Model, Tensor, type Value } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';

const core = new Core({ plugins: [cpu(), reference()], frontends: [] });

function random(shape: readonly number[], seed: number): Tensor {
  let state = seed;
  const n = shape.reduce((a, b) => a * b, 1);
  return new Tensor(
    'f32',
    shape,
    Float32Array.from({ length: n }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1),
  );
}

/** Both devices on the same inputs. */
async function compare(model: Model, inputs: readonly (readonly number[])[], tolerance = 1e-4): Promise<void> {
  const tensors = inputs.map((s, i) => random(s, i + 1));
  const run = async (device: string): Promise<Tensor[]> =>
    Object.values(await (await core.compileModel(model, device)).createInferRequest().inferAsync(tensors));
  const [a, b] = [await run('CPU'), await run('REFERENCE')];
  a.forEach((t, i) => {
    const want = b[i] as Tensor;
    expect(t.shape).toEqual(want.shape);
    const worst = Math.max(...Array.from(t.data as Float32Array, (v, k) => Math.abs(v - ((want.data as Float32Array)[k] as number))));
    expect(worst).toBeLessThan(tolerance);
  });
}

const weights = (g: ReturnType<typeof builder>, shape: readonly number[], seed: number): Value =>
  g.constant('f32', shape, random(shape, seed).data as Float32Array);
const finish = (g: ReturnType<typeof builder>, x: Value, y: Value): Model =>
  new Model({ name: 'm', parameters: [x.node], results: [g.result(y)], scope: g.scope });
const window = (stride: number, pad: number) => ({
  strides: [stride, stride],
  dilations: [1, 1],
  pads_begin: [pad, pad],
  pads_end: [pad, pad],
});

describe('device CPU', () => {
  it('convolution, scale, activation, depthwise, residual in blocked layout', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,3,?,?', 'x');
    const a = g.relu(g.add(g.convolution(x, weights(g, [20, 3, 3, 3], 3), window(2, 1)), weights(g, [1, 20, 1, 1], 4)));
    const d = g.hSwish(g.groupConvolution(a, weights(g, [20, 1, 1, 3, 3], 5), window(1, 1)));
    const y = g.add(g.convolution(d, weights(g, [20, 20, 1, 1], 6), window(1, 0)), a);
    const model = finish(g, x, g.sigmoid(y));
    await compare(model, [[1, 3, 17, 23]]);
    await compare(model, [[2, 3, 32, 8]]);
  });

  it('3x3 convolution and the transposed convolutions of an upsampling head, the last one planar', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,20,?,?', 'x');
    const a = g.relu(g.convolution(x, weights(g, [24, 20, 3, 3], 3), window(1, 1)));
    const b = g.relu(
      g.add(g.convolutionBackpropData(a, weights(g, [24, 24, 2, 2], 4), undefined, window(2, 0)), weights(g, [1, 24, 1, 1], 5)),
    );
    const y = g.sigmoid(
      g.add(g.convolutionBackpropData(b, weights(g, [24, 1, 2, 2], 6), undefined, window(2, 0)), weights(g, [1, 1, 1, 1], 7)),
    );
    const model = finish(g, x, y);
    await compare(model, [[1, 20, 19, 33]]);
    await compare(model, [[2, 20, 40, 24]]);
  });

  it('elementwise programs with broadcasting', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,4,5', 'x');
    const model = finish(g, x, g.multiply(g.exp(g.add(x, weights(g, [5], 2))), g.subtract(x, weights(g, [4, 1], 3))));
    await compare(model, [[3, 4, 5]]);
  });

  it('convolution over three axes, forward and transposed, with all that may follow', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,4,?,?,?', 'x');
    const cube = (stride: number, pad: number) => ({
      strides: [stride, stride, stride],
      dilations: [1, 1, 1],
      pads_begin: [pad, pad, pad],
      pads_end: [pad, pad, pad],
    });
    const a = g.elu(
      g.add(
        g.multiply(g.convolution(x, weights(g, [6, 4, 3, 3, 3], 3), cube(1, 1)), weights(g, [1, 6, 1, 1, 1], 4)),
        weights(g, [1, 6, 1, 1, 1], 5),
      ),
      { alpha: 0.5 },
    );
    const b = g.relu(g.add(g.groupConvolution(a, weights(g, [3, 2, 2, 1, 1, 1], 6), cube(1, 0)), a));
    const model = finish(g, x, g.hSwish(g.convolutionBackpropData(b, weights(g, [6, 2, 2, 3, 2], 7), undefined, cube(2, 0))));
    await compare(model, [[1, 4, 3, 4, 5]]);
    await compare(model, [[2, 4, 5, 3, 2]]);
  });

  it('convolution of f16 and bf16', async () => {
    for (const type of ['f16', 'bf16'] as const) {
      const g = builder();
      const x = g.parameter('f32', '?,5,?,?', 'x');
      const narrow = (v: Value): Value => g.convert(v, { destination_type: type });
      const y = g.convolution(narrow(x), narrow(weights(g, [7, 5, 3, 3], 3)), window(2, 1));
      await compare(finish(g, x, g.convert(y, { destination_type: 'f32' })), [[2, 5, 9, 8]], type === 'f16' ? 5e-3 : 5e-2);
    }
  });

  it('poolings in blocked layout', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,3,?,?', 'x');
    const a = g.convolution(x, weights(g, [20, 3, 3, 3], 3), window(1, 1));
    const [max] = g.node('MaxPool', [a], {
      kernel: [3, 3],
      strides: [2, 2],
      dilations: [1, 2],
      pads_begin: [1, 1],
      pads_end: [1, 2],
      rounding_type: 'ceil',
    }) as [Value];
    const mean = g.avgPool(max, { kernel: [2, 3], strides: [1, 1], pads_begin: [0, 1], pads_end: [1, 1], 'exclude-pad': false });
    const parts = g.adaptiveAvgPool(mean, g.ints([3, 5]));
    const model = finish(g, x, g.convolution(parts, weights(g, [4, 20, 1, 1], 6), window(1, 0)));
    await compare(model, [[1, 3, 17, 23]]);
    await compare(model, [[2, 3, 12, 38]]);
  });

  it('layer normalisation written out', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,?,21', 'x');
    const centred = g.subtract(x, g.reduceMean(x, g.ints([2]), { keep_dims: true }));
    const variance = g.reduceMean(g.power(centred, g.constant('f32', [], [2])), g.ints([-1]), { keep_dims: true });
    const normal = g.divide(centred, g.sqrt(g.add(variance, g.constant('f32', [1], [1e-3]))));
    const model = finish(g, x, g.add(g.multiply(normal, weights(g, [21], 2)), weights(g, [1, 1, 21], 3)));
    await compare(model, [[2, 5, 21]]);
    const rows = (await core.compileModel(model, 'CPU')).explain().rows;
    expect(rows.map((r) => r.kernel)).toEqual(['mvn']);
  });

  it('resizing in blocked layout', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,3,?,?', 'x');
    const a = g.convolution(x, weights(g, [20, 3, 3, 3], 3), window(1, 1));
    const scaled = (mode: 'nearest' | 'linear_onnx', scales: readonly number[]) =>
      g.interpolate(a, g.constant('f32', [2], scales), g.ints([2, 3]), {
        mode,
        shape_calculation_mode: 'scales',
        coordinate_transformation_mode: 'half_pixel',
        nearest_mode: 'floor',
      });
    const twice = g.add(scaled('nearest', [2, 2]), scaled('linear_onnx', [2, 2]));
    const small = g.interpolate(twice, g.ints([7, 5]), g.ints([2, 3]), { mode: 'cubic', shape_calculation_mode: 'sizes' });
    const model = finish(g, x, g.convolution(small, weights(g, [4, 20, 1, 1], 6), window(1, 0)));
    await compare(model, [[1, 3, 17, 23]]);
    await compare(model, [[2, 3, 12, 38]]);
  });

  it('resizing to scales and sizes that come as data', async () => {
    for (const [mode, by] of [
      ['scales', new Tensor('f32', [2], Float32Array.of(1.5, 0.5))],
      ['sizes', new Tensor('i64', [2], BigInt64Array.of(7n, 3n))],
    ] as const) {
      const g = builder();
      const x = g.parameter('f32', '?,?,?,?', 'x');
      const how = g.parameter(by.type, '[2]', 'how');
      const y = g.relu(g.interpolate(x, how, g.ints([2, 3]), { mode: 'linear', shape_calculation_mode: mode }));
      const model = new Model({ name: 'm', parameters: [x.node, how.node], results: [g.result(y)], scope: g.scope });
      const run = async (device: string): Promise<Tensor> =>
        Object.values(
          await (await core.compileModel(model, device)).createInferRequest().inferAsync([random([1, 2, 5, 6], 1), by]),
        )[0] as Tensor;
      const [a, b] = [await run('CPU'), await run('REFERENCE')];
      expect(a.shape).toEqual(b.shape);
      (a.data as Float32Array).forEach((v, i) => expect(v).toBeCloseTo((b.data as Float32Array)[i] as number, 5));
    }
  });

  it('squeeze and excitation of a pointwise convolution', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,12,?,?', 'x');
    const y = g.convolution(x, weights(g, [40, 12, 1, 1], 3), window(1, 0));
    const mean = g.reduceMean(y, g.constant('i64', [2], new BigInt64Array([2n, 3n])), { keep_dims: true });
    const gate = g.hardSigmoid(
      g.convolution(mean, weights(g, [40, 40, 1, 1], 4), window(1, 0)),
      g.constant('f32', [], [0.2]),
      g.constant('f32', [], [0.5]),
    );
    await compare(finish(g, x, g.add(y, g.multiply(y, gate))), [[2, 12, 9, 20]]);
  });

  it('strips through elementwise steps give what whole tensors give', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,20,?,?', 'x');
    const s = g.parameter('f32', '?,20,1,1', 's');
    const r = g.parameter('f32', '1,1,?,1', 'r');
    const a = g.relu(g.convolution(x, weights(g, [20, 20, 3, 3], 3), window(1, 1)));
    const b = g.add(g.add(g.multiply(a, s), a), g.exp(r));
    const y = g.convolution(b, weights(g, [24, 20, 3, 3], 4), window(1, 1));
    const model = new Model({ name: 'm', parameters: [x.node, s.node, r.node], results: [g.result(y)], scope: g.scope });
    const inputs = [
      [2, 20, 37, 29],
      [2, 20, 1, 1],
      [1, 1, 37, 1],
    ];
    await compare(model, inputs, 2e-3);
    const run = async (strips: string): Promise<Tensor> => {
      const request = (await core.compileModel(model, 'CPU', { CUVEE_STRIPS: strips })).createInferRequest();
      return Object.values(await request.inferAsync(inputs.map((d, i) => random(d, i + 1))))[0] as Tensor;
    };
    expect((await run('ALWAYS')).data).toEqual((await run('NEVER')).data);
  });

  it('convolutions of virtual concatenations and upsamplings', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,3,?,?', 'x');
    const half = g.relu(g.convolution(x, weights(g, [24, 3, 3, 3], 3), window(2, 1)));
    const quarter = g.relu(g.convolution(half, weights(g, [20, 24, 3, 3], 4), window(2, 1)));
    const eighth = g.relu(g.convolution(quarter, weights(g, [24, 20, 3, 3], 5), window(2, 1)));
    const up = (v: Value, k: number): Value =>
      g.interpolate(v, g.constant('f32', [2], new Float32Array([k, k])), g.constant('i64', [2], new BigInt64Array([2n, 3n])), {
        mode: 'nearest',
        shape_calculation_mode: 'scales',
        coordinate_transformation_mode: 'asymmetric',
        nearest_mode: 'floor',
      });
    const joined = g.concat([half, up(quarter, 2), up(up(eighth, 2), 2)], { axis: 1 });
    const y = g.relu(g.convolution(joined, weights(g, [24, 68, 3, 3], 6), window(1, 1)));
    const z = g.convolution(up(quarter, 2), weights(g, [5, 20, 1, 1], 7), window(1, 0));
    const model = new Model({ name: 'm', parameters: [x.node], results: [g.result(y), g.result(z)], scope: g.scope });
    await compare(model, [[1, 3, 64, 96]], 2e-3); // sums of several hundred
    await compare(model, [[2, 3, 32, 40]], 2e-3);
  });

  it('many matrix products of two variables, one side shared by broadcasting', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,6,?,20', 'x');
    const y = g.parameter('f32', '?,6,?,20', 'y');
    const z = g.parameter('f32', '1,1,?,30', 'z');
    const scores = g.matMul(x, y, { transpose_b: true });
    const model = new Model({
      name: 'm',
      parameters: [x.node, y.node, z.node],
      results: [g.result(g.relu(scores)), g.result(g.matMul(scores, z))],
      scope: g.scope,
    });
    await compare(model, [
      [2, 6, 9, 20],
      [2, 6, 17, 20],
      [1, 1, 17, 30],
    ]);
  });

  it('matrix product with bias', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,?,12', 'x');
    const model = finish(g, x, g.relu(g.add(g.matMul(x, weights(g, [12, 37], 2)), weights(g, [37], 3))));
    await compare(model, [[2, 9, 12]]);
  });
});

describe('memory that nobody uses', () => {
  const resident = (): number => process.memoryUsage.rss() / 2 ** 20;

  it('goes back after a while, and the next inference is right', async () => {
    const g = builder();
    const x = g.parameter('f32', '1,64,512,512', 'x');
    // Sums along rows make what comes before them whole: 64 MB and more at a time.
    const wide = g.softmax(x, { axis: 3 });
    const y = g.reduceSum(g.softmax(wide, { axis: 2 }), g.ints([2, 3]), { keep_dims: false });
    const model = new Model({ name: 'wide', parameters: [x.node], results: [g.result(y)], scope: g.scope });
    const input = random([1, 64, 512, 512], 3);
    const compiled = core.compileModelSync(model, 'CPU', { CUVEE_IDLE_TRIM_MS: 60, INFERENCE_NUM_THREADS: 2 });
    const request = compiled.createInferRequest();
    const sums = async (): Promise<number[]> => [...(Object.values(await request.inferAsync([input]))[0]?.data as Float32Array)];
    const before = await sums();
    const busy = resident();
    for (let i = 0; i < 50 && busy - resident() < 40; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(busy - resident()).toBeGreaterThan(40);
    expect(await sums()).toEqual(before);
    compiled.release();
  });
});
