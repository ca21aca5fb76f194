/** @file The worker: reads the model once, then answers pictures. The page stays responsive while it computes. */
import { Core, Tensor } from '@cuvee/core';
import onnx from '@cuvee/frontend-onnx';
import reference from '@cuvee/plugin-reference';
import labels from '../../../packages/conformance/data/models/mobilenet-v2/labels.json';
import modelUrl from '../../../packages/conformance/data/models/mobilenet-v2/mobilenet_v2.onnx?url';
import { likeliest, normalise } from './classify.js';
import type { Answer, Failure, Question } from './messages.js';

/** Nothing can be discovered in a browser: devices and formats are named. */
const core = new Core({ plugins: [reference()], frontends: [onnx()] });

async function load() {
  const start = performance.now();
  const bytes = new Uint8Array(await (await fetch(modelUrl)).arrayBuffer());
  const compiled = await core.compileModel(await core.readModel(bytes), 'REFERENCE');
  return { request: compiled.createInferRequest(), loadMs: performance.now() - start };
}
const loaded = load();

async function answer({ pixels, size }: Question): Promise<Answer> {
  const { request, loadMs } = await loaded;
  const images = new Tensor('f32', [1, 3, size, size], normalise(pixels, size));
  const start = performance.now();
  const { logits } = await request.inferAsync({ images });
  const inferMs = performance.now() - start;
  const values = Float32Array.from(logits!.data as Float32Array);
  const classes = likeliest(values, 5).map(({ index, probability }) => ({ label: labels[index] ?? `class ${index}`, probability }));
  return { classes, logits: values, loadMs, inferMs };
}

addEventListener('message', ({ data }: MessageEvent<Question>) => {
  answer(data).then(
    (said) => postMessage(said),
    (error: unknown) => postMessage({ error: String(error) } satisfies Failure),
  );
});
