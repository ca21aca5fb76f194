/** A model on device CPU, held against what its graph says. */
import { expect } from 'vitest';
import { Core, interpret, Tensor, type Model, type NdArray } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { Random } from '../../core/src/ops/cases.js';

/** Runs a model of one f32 input of the size on random numbers: every output is within 1e-5 of its largest element. */
export function expectAsInterpreted(model: Model, size: readonly number[]): void {
  const input = new Random(5).tensor('f32', size, -1, 1);
  const want = interpret(model, [input.nd()]);
  const request = new Core({ plugins: [cpu()], frontends: [] }).compileModelSync(model, 'CPU').createInferRequest();
  request.infer([new Tensor('f32', size, input.storage)]);
  want.forEach((w, i) => {
    const got = request.getOutputTensor(i).data as Float32Array;
    const most = Math.max(...Array.from(w.data as Float32Array, Math.abs));
    expect(got).toHaveLength(w.data.length);
    expect(Math.max(...Array.from(w.data as Float32Array, (v, k) => Math.abs(v - (got[k] as number))))).toBeLessThanOrEqual(1e-5 * most);
  });
}

/** Runs a model on device CPU of `core`: its outputs as arrays. */
export async function runOnCpu(core: Core, model: Model, inputs: readonly NdArray[]): Promise<readonly NdArray[]> {
  const compiled = await core.compileModel(model, 'CPU');
  try {
    const request = compiled.createInferRequest();
    await request.inferAsync(inputs.map(({ type, shape, data }) => Tensor.from(type, shape, data)));
    return model.results.map((_, i) => {
      const tensor = request.getOutputTensor(i);
      return { type: tensor.type, shape: tensor.shape, data: tensor.values() };
    });
  } finally {
    compiled.release();
  }
}
