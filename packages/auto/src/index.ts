/** @file Meta-device AUTO: compiles for the first device that can run the whole model, and says why. */
import {
  CuveeError, parseDevice, printDevice,
  type Config, type CompileOptions, type DeviceHost, type DeviceModel, type DeviceName, type DevicePlugin, type Explanation, type Model, type Support,
} from '@cuvee/core';

/** Kinds of devices, most capable first; others come between CPU and REFERENCE. */
const order = ['GPU', 'NPU', 'CPU'];
const rank = (name: string): number => {
  const at = order.indexOf(parseDevice(name).name);
  return at >= 0 ? at : name === 'REFERENCE' ? order.length + 1 : order.length;
};

/** Devices to try: the list given, else all that are present; those with a minus are left out. */
async function candidates(host: DeviceHost, config: Config): Promise<string[]> {
  const given = listOf(config);
  const excluded = given.filter((d) => d.excluded).map((d) => printDevice({ ...d, excluded: false }, true));
  const wanted = given.filter((d) => !d.excluded).map((d) => printDevice(d, true));
  const from = wanted.length > 0 ? wanted : [...(await host.availableDevices())].sort((a, b) => rank(a) - rank(b));
  const left = from.filter((d) => !excluded.includes(d));
  if (left.length === 0) throw new CuveeError('DEVICE_NOT_FOUND', 'AUTO has no device to choose from');
  return left;
}

const listOf = (config: Config): readonly DeviceName[] => {
  const text = String(config.MULTI_DEVICE_PRIORITIES ?? '');
  return text === '' ? [] : (parseDevice(`AUTO:${text}`).list ?? []);
};

/** What is for the inner device: everything but what AUTO itself understands, and what is meant for that device by name. */
function innerConfig(config: Config, device: string): Config {
  const { MULTI_DEVICE_PRIORITIES: _list, DEVICE_PROPERTIES: own, DEVICE_ID: _id, ...rest } = config;
  return { ...rest, ...((own as Record<string, Config> | undefined)?.[parseDevice(device).name] ?? {}) };
}

async function choose(model: Model, config: Config, { host, signal }: CompileOptions): Promise<DeviceModel> {
  const tried: { device: string; outcome: string }[] = [];
  for (const device of await candidates(host, config)) {
    try {
      const inner = await host.compile(model, device, innerConfig(config, device), { signal });
      tried.push({ device, outcome: 'chosen: it runs the whole model' });
      return explained(inner, tried);
    } catch (error) {
      if (signal?.aborted) throw error;
      // A property that no device knows is the caller's mistake, not a reason to look elsewhere.
      if (error instanceof CuveeError && (error.code === 'PROPERTY_UNKNOWN' || error.code === 'PROPERTY_INVALID')) throw error;
      tried.push({ device, outcome: error instanceof Error ? error.message : String(error) });
    }
  }
  throw new CuveeError('MODEL_UNSUPPORTED', `no device runs "${model.friendlyName}": ${tried.map((t) => `${t.device}: ${t.outcome}`).join('; ')}`);
}

/** The inner model with the story of the choice. */
function explained(inner: DeviceModel, tried: readonly { device: string; outcome: string }[]): DeviceModel {
  return {
    info: inner.info,
    createRequest: () => inner.createRequest(),
    ...(inner.save && { save: () => (inner.save as NonNullable<DeviceModel['save']>)() }),
    explain(): Explanation {
      const below = inner.explain?.() ?? { summary: {}, rows: [] };
      return { summary: { device: 'AUTO', ...Object.fromEntries(tried.map((t) => [t.device, t.outcome])), ...prefixed(below.summary) }, rows: below.rows };
    },
    release: () => inner.release(),
  };
}
const prefixed = (summary: Explanation['summary']): Explanation['summary'] => Object.fromEntries(Object.entries(summary).filter(([k]) => k !== 'device'));

/** `new Core({ plugins: [auto(), cpu()] })`. */
export const auto = (): DevicePlugin => ({
  name: 'AUTO',
  version: '0.1.0',
  meta: true,
  properties: {
    PERFORMANCE_HINT: { type: 'enum', mutability: 'RW', words: ['LATENCY', 'THROUGHPUT', 'CUMULATIVE_THROUGHPUT'], description: 'What to be fast at; handed to the device chosen' },
    INFERENCE_NUM_THREADS: { type: 'int', mutability: 'RW', min: 0, description: 'Compute threads, for devices that have such' },
    NUM_STREAMS: { type: 'int', mutability: 'RW', min: -1, description: 'Inferences at the same time, for devices that have such' },
    INFERENCE_PRECISION_HINT: { type: 'text', mutability: 'RW', description: 'Type of the arithmetic; handed to the device chosen' },
    PERF_COUNT: { type: 'bool', mutability: 'RW', description: 'Measure every step of every inference' },
  },
  devices: () => [{ id: '', fullName: 'Automatic device selection' }],
  keeps: () => true,
  async query(model, config, options): Promise<Support> {
    const merged = new Map<Parameters<Support['get']>[0], true | string>();
    for (const device of await candidates(options.host, config)) {
      try {
        for (const [node, answer] of await options.host.query(model, device, innerConfig(config, device))) {
          if (answer === true || !merged.has(node)) merged.set(node, answer === true ? true : `${device}: ${answer}`);
        }
      } catch {
        // A device that cannot be asked supports nothing.
      }
    }
    return merged;
  },
  compile: choose,
});

export default auto;
