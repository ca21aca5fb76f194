/**
 * @file `import * as ort from 'onnxruntime-web'` over Cuvée: the same classes, no WebAssembly download. The backend is loaded with the
 * first session.
 */
import { env, registerBackend, type Backend } from 'onnxruntime-common';

export * from 'onnxruntime-common';

let loaded: Promise<Backend> | undefined;
const load = (): Promise<Backend> => (loaded ??= import('./web.js').then(({ backend }) => backend));

const lazy: Backend = {
  init: async (name) => (await load()).init(name),
  createInferenceSessionHandler: async (model, options) => (await load()).createInferenceSessionHandler(model, options),
};

for (const name of ['wasm', 'cpu']) registerBackend(name, lazy, 10);
for (const name of ['cuvee', 'webgpu', 'webgl', 'webnn', 'xnnpack']) registerBackend(name, lazy, -1);
if (!('web' in env.versions)) Object.defineProperty(env.versions, 'web', { value: '1.30.0', enumerable: true });
