/** @file Session options of onnxruntime-common: which device they mean, and which of its properties. */
import type { Core } from '@cuvee/core';
import type { InferenceSession } from 'onnxruntime-common';

type Options = InferenceSession.SessionOptions;

/** `executionProviders: [{ name: 'cpu', cuvee: { device: 'AUTO', config: {…} } }]`. */
export interface CuveeProviderOption {
  readonly device?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Where a session runs. */
export interface Placement {
  readonly device: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** The kind of device behind a provider's name; providers for accelerators of all makers mean the GPU or NPU that is there. */
const devices: Readonly<Record<string, string>> = {
  cpu: 'CPU',
  wasm: 'CPU',
  xnnpack: 'CPU',
  webgpu: 'GPU',
  webgl: 'GPU',
  cuda: 'GPU',
  tensorrt: 'GPU',
  rocm: 'GPU',
  dml: 'GPU',
  coreml: 'GPU',
  webnn: 'CPU',
  'webnn-cpu': 'CPU',
  'webnn-gpu': 'GPU',
  'webnn-npu': 'NPU',
  qnn: 'NPU',
  cuvee: 'AUTO',
};

/** Every provider name that is understood. */
export const providerNames = Object.keys(devices);

/** The device that a provider, by name or with options, stands for; CPU for a name that nobody knows. */
export function deviceOf(provider: unknown): string {
  const { name, deviceType } = (typeof provider === 'string' ? { name: provider } : (provider ?? {})) as {
    name?: string;
    deviceType?: string;
  };
  if (name === 'webnn' && deviceType) return deviceType.toUpperCase();
  return (name !== undefined && Object.hasOwn(devices, name) ? devices[name] : undefined) ?? 'CPU';
}

/**
 * The device: the `cuvee` option of a provider, else `wanted` (from the environment), else what the providers' names mean, several of
 * them in order of preference, else `usual`. Properties: the `cuvee` option's, and those that plain session options mean.
 */
export function placementOf(core: Core, options: Options, wanted: string | undefined, usual: string): Placement {
  const providers = options.executionProviders ?? [];
  const own = providers
    .map((p) => (typeof p === 'object' ? (p as { cuvee?: CuveeProviderOption }).cuvee : undefined))
    .find((o) => o !== undefined);
  const kinds = [...new Set(providers.map(deviceOf))];
  const named = kinds.length > 1 ? (kinds.includes('AUTO') ? 'AUTO' : `AUTO:${kinds.join(',')}`) : kinds[0];
  const device = own?.device ?? wanted ?? (named === undefined || named === 'CPU' ? usual : named);
  const known = core.propertyTable(device);
  const meant = {
    ...(options.intraOpNumThreads ? { INFERENCE_NUM_THREADS: options.intraOpNumThreads } : {}),
    ...(options.enableProfiling ? { PERF_COUNT: true } : {}),
  };
  return { device, config: { ...Object.fromEntries(Object.entries(meant).filter(([name]) => name in known)), ...own?.config } };
}

/** Sizes for named dimensions. */
export const freeDimensions = (options: Options): ReadonlyMap<string, number> =>
  new Map(Object.entries(options.freeDimensionOverrides ?? {}));
