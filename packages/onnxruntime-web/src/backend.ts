/** @file Cuvée as an execution backend of onnxruntime-common. */
import { besideModel, CuveeError, readFile, type Core, type Model } from '@cuvee/core';
import { declaredPorts, onnx } from '@cuvee/frontend-onnx';
import type { Backend, InferenceSession, InferenceSessionHandler } from 'onnxruntime-common';
import { openerOf } from './external.js';
import { deviceOf, freeDimensions, placementOf } from './options.js';
import { Profile } from './profile.js';
import { Session } from './session.js';

export { deviceOf, providerNames, type CuveeProviderOption } from './options.js';

type Options = InferenceSession.SessionOptions;

/** What differs between the places where a backend runs. */
export interface BackendOptions {
  /** Makes the core at the first session. */
  readonly core: () => Core;
  /** A device text that goes before the providers' names, such as `CUVEE_ORT_DEVICE` holds; asked at each session. */
  readonly device?: () => string | undefined;
  /** The device for provider `cpu`, or for none. Default: CPU. */
  readonly usual?: string;
  /** Where a model goes that the usual device does not run whole. Default: it is refused. */
  readonly fallback?: string;
}

/**
 * A backend for `registerBackend(name, backend, priority)`. `init` fails, so that onnxruntime-common tries the next provider, when no
 * device of the provider's kind is present.
 */
export function createBackend({ core: make, device, usual = 'CPU', fallback }: BackendOptions): Backend {
  let made: Core | undefined;
  const core = (): Core => (made ??= make());
  return {
    async init(name) {
      const kind = device?.() ? '' : deviceOf(name);
      if (kind !== 'GPU' && kind !== 'NPU') return;
      const found = (await core().devices()).filter((d) => d.name === kind || d.name.startsWith(`${kind}.`));
      if (found.some(({ absent }) => absent === undefined)) return;
      throw new CuveeError('DEVICE_NOT_FOUND', found[0]?.absent ?? `no installed package provides a ${kind} device`);
    },

    async createInferenceSessionHandler(pathOrBuffer, options = {}): Promise<InferenceSessionHandler> {
      // constants share the model's memory, and callers may do with theirs what they want: it is copied
      const bytes = typeof pathOrBuffer === 'string' ? readFile(pathOrBuffer) : new Uint8Array(pathOrBuffer);
      const { device: chosen, config } = placementOf(core(), options, device?.(), usual);
      const isOnnx = onnx().accepts(bytes.subarray(0, 4096), typeof pathOrBuffer === 'string' ? pathOrBuffer : 'model.onnx');
      const declared = isOnnx ? declaredPorts(bytes) : undefined;
      const model = isOnnx
        ? await readOnnx(pathOrBuffer, bytes, options)
        : core().readModelSync(typeof pathOrBuffer === 'string' ? pathOrBuffer : bytes);
      const sizes = freeDimensions(options);
      if (declared && sizes.size > 0) setSizes(model, declared.inputs, sizes);
      const compiled = await core()
        .compileModel(model, chosen, config)
        .catch((error: unknown) => {
          if (chosen !== usual || !fallback || !(error instanceof CuveeError && error.code === 'MODEL_UNSUPPORTED')) throw error;
          return core().compileModel(model, fallback);
        });
      const profile = options.enableProfiling ? new Profile(options.profileFilePrefix) : undefined;
      return new Session({ compiled, declared, sizes, profile });
    },
  };
}

async function readOnnx(pathOrBuffer: string | Uint8Array, bytes: Uint8Array, { externalData }: Options): Promise<Model> {
  const path = typeof pathOrBuffer === 'string' ? pathOrBuffer : undefined;
  const given = externalData && (await openerOf(externalData));
  return onnx().read({ bytes, path, beside: given ?? (path === undefined ? undefined : besideModel(path)) });
}

/** Gives the named dimensions of inputs their sizes. */
function setSizes(model: Model, inputs: ReturnType<typeof declaredPorts>['inputs'], sizes: ReadonlyMap<string, number>): void {
  const shapes = new Map<string, readonly number[]>();
  for (const { name, shape } of inputs)
    if (shape?.some((dim) => typeof dim === 'string' && sizes.has(dim)))
      shapes.set(
        name,
        shape.map((dim) => (typeof dim === 'string' ? (sizes.get(dim) ?? -1) : dim)),
      );
  if (shapes.size > 0) model.reshape(shapes);
}
