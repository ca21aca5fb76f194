/**
 * @file `import * as ort from 'onnxruntime-node'` over Cuvée. Bundled twice, as an ES module and as CommonJS, so that each registers
 * with the copy of onnxruntime-common whose classes it exports. The backend, and Cuvée with it, is loaded with the first session.
 */
import { env, registerBackend, type Backend } from 'onnxruntime-common';

export * from 'onnxruntime-common';

/** A provider that `executionProviders` may name. */
export interface SupportedBackend {
  readonly name: string;
  /** Whether it works without a further package. */
  readonly bundled: boolean;
}

/** The providers that sessions may ask for. Those that are not bundled need a Cuvée package with such a device. */
export const listSupportedBackends = (): SupportedBackend[] => [
  { name: 'cpu', bundled: true },
  { name: 'cuvee', bundled: true },
  ...['webgpu', 'cuda', 'dml', 'coreml', 'webnn'].map((name) => ({ name, bundled: false })),
];

let loaded: Promise<Backend> | undefined;
const load = (): Promise<Backend> => (loaded ??= import('./backend.js').then(({ backend }) => backend));

const lazy: Backend = {
  init: async (name) => (await load()).init(name),
  createInferenceSessionHandler: async (model, options) => (await load()).createInferenceSessionHandler(model, options),
};

registerBackend('cpu', lazy, 100);
const others = ['cuvee', 'wasm', 'xnnpack', 'webgpu', 'webgl', 'cuda', 'tensorrt', 'rocm', 'dml', 'coreml', 'qnn'];
for (const name of [...others, 'webnn', 'webnn-cpu', 'webnn-gpu', 'webnn-npu']) registerBackend(name, lazy, -1);
if (!('node' in env.versions)) Object.defineProperty(env.versions, 'node', { value: '1.30.0', enumerable: true });
