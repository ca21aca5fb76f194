/** onnxruntime-web's surface: the same classes, and models that run where nothing is discovered. */
import * as ort from '@cuvee/onnxruntime-web';
import * as common from 'onnxruntime-common';
import { expect, test } from 'vitest';
import { plusOne } from '../../onnxruntime-node/test/models.js';

const x = new ort.Tensor('float32', [1, 2, 3, 4], [1, 4]);

test('everything that onnxruntime-common exports, as the same objects', () => {
  for (const [name, value] of Object.entries(common)) expect((ort as Record<string, unknown>)[name], name).toBe(value);
  expect(ort.env.wasm).toBeTypeOf('object');
  expect(ort.env.webgpu).toBeTypeOf('object');
  expect((ort.env.versions as Record<string, string>).web).toMatch(/^1\.\d+\.\d+$/);
});

test('a model runs on the reference device, by the providers that pages name', async () => {
  for (const executionProviders of [undefined, ['wasm'], ['webgpu', 'wasm'], ['cpu']]) {
    const session = await ort.InferenceSession.create(plusOne(), { executionProviders });
    const { y } = await session.run({ x });
    expect(Array.from(y?.data as Float32Array)).toEqual([2, 3, 4, 5]);
    expect(y).toBeInstanceOf(ort.Tensor);
    await session.release();
  }
});

test('a provider that nothing here stands for is refused with the reason', async () => {
  await expect(ort.InferenceSession.create(plusOne(), { executionProviders: ['webgpu'] })).rejects.toThrow(/provides a GPU device/);
  await expect(ort.InferenceSession.create(plusOne(), { executionProviders: ['unheard-of'] })).rejects.toThrow(/backend not found/);
});
