/** Results of run after run on one request: their tensors stay the same objects while nothing changes, and always hold the last run. */
import { expect, it } from 'vitest';
import { builder, Core, Model, Tensor, type InferRequest } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';

const core = new Core({ plugins: [cpu()], frontends: [] });

/** y = x + 1 of any length, z = 2x. */
function made(): InferRequest {
  const g = builder();
  const x = g.parameter('f32', '?', 'x');
  const y = g.result(g.add(x, g.scalar(1, 'f32')), 'y');
  const z = g.result(g.multiply(x, g.scalar(2, 'f32')), 'z');
  y.output.names = ['y'];
  z.output.names = ['z'];
  const model = new Model({ name: 'm', parameters: [x.node], results: [y, z], scope: g.scope });
  return core.compileModelSync(model, 'CPU').createInferRequest();
}
const x = (...values: number[]): { x: Tensor } => ({ x: new Tensor('f32', [values.length], Float32Array.from(values)) });
const numbers = (outputs: Record<string, Tensor>): readonly (readonly number[])[] =>
  ['y', 'z'].map((name) => Array.from(outputs[name]?.data as Float32Array));

it('equal sizes give the same tensors with new contents, also across infer and inferAsync', async () => {
  const request = made();
  const first = request.infer(x(1, 2));
  const { y } = first;
  expect(numbers(first)).toEqual([
    [2, 3],
    [2, 4],
  ]);
  const second = await request.inferAsync(x(5, 6));
  expect(second.y).toBe(y);
  expect(numbers(second)).toEqual([
    [6, 7],
    [10, 12],
  ]);
  expect(numbers(request.infer(x(-1, 0)))).toEqual([
    [0, 1],
    [-2, 0],
  ]);
});

it('other sizes give other shapes, there and back', () => {
  const request = made();
  for (const values of [[1, 2, 3], [4], [5, 6, 7, 8, 9], [4], [1, 2, 3]]) {
    const outputs = request.infer(x(...values));
    expect(outputs.y?.shape).toEqual([values.length]);
    expect(numbers(outputs)).toEqual([values.map((v) => v + 1), values.map((v) => 2 * v)]);
  }
});

it('a result that the caller reshaped is made anew', () => {
  const request = made();
  const { y } = request.infer(x(1, 2, 3, 4));
  (y as Tensor).setShape([2, 1]);
  const after = request.infer(x(1, 2, 3, 4));
  expect(after.y?.shape).toEqual([4]);
  expect(numbers(after)[0]).toEqual([2, 3, 4, 5]);
});

it('memory given for an output, of the right size or not, then none', () => {
  for (const size of [3, 2]) {
    const request = made();
    request.infer(x(0, 0, 0));
    const mine = new Tensor('f32', [size], new Float32Array(size));
    request.setOutputTensor(0, mine);
    const outputs = request.infer(x(1, 2, 3));
    expect(numbers(outputs)).toEqual([
      [2, 3, 4],
      [2, 4, 6],
    ]);
    expect(outputs.y === mine).toBe(size === 3);
    expect(numbers(request.infer(x(4, 5, 6)))[0]).toEqual([5, 6, 7]);
    expect(numbers(request.infer(x(7, 8, 9)))).toEqual([
      [8, 9, 10],
      [14, 16, 18],
    ]);
  }
});

it('a released request lets go of its tensors, which stay readable', () => {
  const request = made();
  const outputs = request.infer(x(1, 2));
  request.release();
  expect(numbers(outputs)).toEqual([
    [2, 3],
    [2, 4],
  ]);
  expect(() => request.getOutputTensor(0)).toThrow(/released/);
  expect(() => request.getInputTensor()).toThrow(/released/);
});
