import { describe, expect, it } from 'vitest';
import { builder, Core, Literal, Model, Tensor, type Value } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';

const core = new Core({ plugins: [cpu()], frontends: [] });
const range = (shape: readonly number[]): Tensor =>
  new Tensor(
    'f32',
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );
const axes = (...list: number[]): Tensor => new Tensor('i64', [list.length], BigInt64Array.from(list, BigInt));

/** A body of one parameter. */
function bodyOf(make: (g: ReturnType<typeof builder>, x: Value) => Value): Model {
  const g = builder();
  const x = g.parameter('f32', '?,?,?', 'x');
  return new Model({ name: 'body', parameters: [x.node], results: [g.result(make(g, x))], scope: g.scope });
}

const ports = (external: number, internal: number) => [{ external, internal }];

describe('a rank that only the inputs tell', () => {
  it('comes from the values of an input', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,?,?', 'x');
    const a = g.parameter('i64', '?', 'axes');
    const y = g.relu(g.squeeze(x, a));
    const model = new Model({ name: 'm', parameters: [x.node, a.node], results: [g.result(y)], scope: g.scope });
    const compiled = await core.compileModel(model, 'CPU');
    const request = compiled.createInferRequest();
    const shapeFor = async (shape: readonly number[], ...list: number[]): Promise<readonly number[]> => {
      const [out] = Object.values(await request.inferAsync([range(shape), axes(...list)])) as [Tensor];
      expect([...(out.data as Float32Array)]).toEqual([...(range(shape).data as Float32Array)]);
      return out.shape;
    };
    expect(await shapeFor([1, 3, 1], 0)).toEqual([3, 1]);
    expect(await shapeFor([1, 3, 1], 0, 2)).toEqual([3]);
    expect(await shapeFor([1, 3, 1], 2)).toEqual([1, 3]);
    expect(await shapeFor([1, 3, 1], 0)).toEqual([3, 1]);
    for (let n = 1; n <= 20; n++) expect(await shapeFor([1, n, 2], 0)).toEqual([n, 2]);
    expect(compiled.explain().summary['plans by input shapes']).toBe(8);
    compiled.release();
  });

  it('comes from a shape that decides between branches', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,?,?', 'x');
    const single = g.equal(
      g.gather(g.shapeOf(x, { output_type: 'i64' }), g.constant('i64', [], [0]), g.constant('i64', [], [0])),
      g.constant('i64', [], [1]),
    );
    const y = g.if(single, [x], {
      then_body: bodyOf((b, v) => b.squeeze(v, b.ints([0]))),
      then_inputs: ports(1, 0),
      then_outputs: ports(0, 0),
      else_body: bodyOf((b, v) => b.negative(v)),
      else_inputs: ports(1, 0),
      else_outputs: ports(0, 0),
    });
    const value = (Array.isArray(y) ? y[0] : y) as Value;
    const model = new Model({ name: 'm', parameters: [x.node], results: [g.result(value)], scope: g.scope });
    const request = (await core.compileModel(model, 'CPU')).createInferRequest();
    const run = async (shape: readonly number[]): Promise<Tensor> => Object.values(await request.inferAsync([range(shape)]))[0] as Tensor;
    expect((await run([1, 2, 2])).shape).toEqual([2, 2]);
    const other = await run([2, 1, 2]);
    expect(other.shape).toEqual([2, 1, 2]);
    expect(other.data).toEqual(Float32Array.of(-0, -1, -2, -3));
  });

  it('comes from axes of a transform, which only decomposes at known ones', async () => {
    const g = builder();
    const x = g.parameter('f32', '?,?,?', 'x');
    const a = g.parameter('i64', '1', 'axis');
    const model = new Model({ name: 'm', parameters: [x.node, a.node], results: [g.result(g.dft(x, a, undefined))], scope: g.scope });
    const request = (await core.compileModel(model, 'CPU')).createInferRequest();
    const run = async (axis: number): Promise<number[]> => {
      const [y] = Object.values(await request.inferAsync([range([2, 2, 2]), axes(axis)])) as [Tensor];
      return Array.from(y.data as Float32Array, (v) => Math.round(v * 1e4) / 1e4 + 0);
    };
    // pairs (0,1) (2,3); (4,5) (6,7): sums and differences across, then along
    expect(await run(0)).toEqual([4, 6, 8, 10, -4, -4, -4, -4]);
    expect(await run(1)).toEqual([2, 4, -2, -2, 10, 12, -2, -2]);
  });

  it('is refused for strings while the rank of the result is unknown', async () => {
    const g = builder();
    const x = g.parameter('string', '?', 'x');
    const a = g.parameter('i64', '?', 'axes');
    const model = new Model({ name: 'm', parameters: [x.node, a.node], results: [g.result(g.squeeze(x, a))], scope: g.scope });
    await expect(core.compileModel(model, 'CPU')).rejects.toThrow(/MODEL_UNSUPPORTED.*Squeeze/);
  });
});

describe('what the device supports', () => {
  it('is said of each node, also of those that one operator of a file became', async () => {
    const g = builder();
    const codes = g.parameter('f8e4m3', '2', 'codes');
    g.origin = ['encoder'];
    const apart = g.unsqueeze(codes, g.ints([-1]));
    const found = g.cast(g.equal(apart, g.constant(Literal.from('f8e4m3', [1], [1]))), 'f32');
    const model = new Model({ name: 'm', parameters: [codes.node], results: [g.result(g.relu(found))], scope: g.scope });
    const support = await core.explainSupport(model, 'CPU');
    const said = Object.fromEntries([...support].map(([node, answer]) => [node.op.name, answer]));
    expect(said).toMatchObject({ Unsqueeze: true, Equal: 'element type f8e4m3', Convert: true, Relu: true });
  });
});
