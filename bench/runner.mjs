/**
 * @file Cuvée behind the measuring protocol. `config`: device (CPU), shapes (static, dynamic, all-dynamic), precision (f32, f16, bf16,
 * default), api (sync, async: to load and to infer), hint, properties (further ones for compileModel).
 */
import { Core, Tensor } from 'cuvee';
import { serve } from './serve.mjs';

let compiled;
let version;
let request;
const more = [];
let tensors;
let device = 'CPU';
let asynchronous = false;
let results;

const tensorsOf = (inputs) =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape, data }]) => [name, new Tensor(dtype === 'bool' ? 'boolean' : dtype, shape, data)]),
  );

await serve({
  version: () => `cuvee ${version} ${device}`,

  async load({ model: path, inputs, threads, config }) {
    const { shapes = 'static', precision = 'f32', api = 'sync', hint = 'LATENCY', properties = {} } = config;
    device = config.device ?? 'CPU';
    const core = new Core();
    version = core.getVersions(device)[device.split(/[:(,]/)[0]]?.buildNumber;
    asynchronous = api === 'async';
    // As the file says: there a cache may know the file, and nobody needs the model.
    const model = shapes === 'dynamic' ? path : asynchronous ? await core.readModel(path) : core.readModelSync(path);
    if (shapes === 'static') model.reshape(new Map(Object.entries(inputs).map(([name, { shape }]) => [name, `[${shape.join(',')}]`])));
    else if (shapes === 'all-dynamic')
      model.reshape(new Map(Object.entries(inputs).map(([name, { shape }]) => [name, `[${shape.map(() => '?').join(',')}]`])));
    else if (shapes !== 'dynamic') throw new Error(`shapes is ${shapes}, not static, dynamic or all-dynamic`);
    const hints = precision === 'default' ? {} : { INFERENCE_PRECISION_HINT: precision };
    const settings = { INFERENCE_NUM_THREADS: threads, PERFORMANCE_HINT: hint, ...hints, ...properties };
    compiled = asynchronous ? await core.compileModel(model, device, settings) : core.compileModelSync(model, device, settings);
    request = compiled.createInferRequest();
    tensors = tensorsOf(inputs);
  },

  use(inputs) {
    tensors = tensorsOf(inputs);
  },

  release() {
    for (const one of [request, ...more]) one.release();
    compiled.release();
    results = tensors = undefined;
  },

  async infer() {
    results = asynchronous ? await request.inferAsync(tensors) : request.infer(tensors);
  },

  call() {
    if (asynchronous) return request.inferAsync(tensors);
    results = request.infer(tensors);
    return undefined;
  },

  lanes(n) {
    while (more.length < n) more.push(compiled.createInferRequest());
    return more.slice(0, n).map((one) => () => one.inferAsync(tensors));
  },

  outputs: () =>
    Object.entries(results).map(([name, tensor]) => {
      const type = tensor.getElementType();
      return { name, dtype: type === 'boolean' ? 'bool' : type, shape: tensor.getShape(), data: tensor.data };
    }),
});
