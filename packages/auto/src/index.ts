/** @file Meta-device AUTO: compiles for the first device that can run the whole model, and says why. */
import {
  after,
  attempt,
  bareDevice,
  CuveeError,
  innerConfig,
  listedDevices,
  parseDevice,
  type Awaitable,
  type Config,
  type CompileOptions,
  type DeviceHost,
  type DeviceModel,
  type DevicePlugin,
  type ErrorCode,
  type Explanation,
  type Model,
  type Node,
  type Support,
} from '@cuvee/core';

/** Kinds of devices, most capable first; others come between CPU and REFERENCE. */
const order = ['GPU', 'NPU', 'CPU'];
const rank = (name: string): number => {
  const at = order.indexOf(parseDevice(name).name);
  return at >= 0 ? at : name === 'REFERENCE' ? order.length + 1 : order.length;
};

/** Devices to try: the list given, else all that are present; those with a minus are left out. */
function candidates(host: DeviceHost, config: Config): Awaitable<readonly string[]> {
  const given = listedDevices('AUTO', config);
  const excluded = given.filter((d) => d.excluded).map(bareDevice);
  const wanted = given.filter((d) => !d.excluded).map(bareDevice);
  const from = wanted.length > 0 ? wanted : after(host.availableDevices(), (all) => [...all].sort((a, b) => rank(a) - rank(b)));
  return after(from, (all) => {
    const left = all.filter((d) => !excluded.includes(d));
    if (left.length === 0) throw new CuveeError('DEVICE_NOT_FOUND', 'AUTO has no device to choose from');
    return left;
  });
}

interface Attempt {
  readonly device: string;
  readonly outcome: string;
  readonly code?: ErrorCode;
}

/** Compiles for the first candidate that can; answers at once when the candidates do. */
function choose(model: Model, config: Config, { host, signal, paced }: CompileOptions): Awaitable<DeviceModel> {
  const tried: Attempt[] = [];
  const next = ([device, ...rest]: readonly string[]): Awaitable<DeviceModel> => {
    if (device === undefined) throw refusal(model, tried);
    return attempt(
      () => host.compile(model, device, innerConfig(config, device, host), { signal, paced }),
      (inner) => {
        tried.push({ device, outcome: 'chosen: it runs the whole model' });
        return explained(inner, tried);
      },
      (error) => {
        if (signal?.aborted) throw error;
        const code = error instanceof CuveeError ? error.code : 'INTERNAL';
        // A property that no device knows is the caller's mistake, not a reason to look elsewhere.
        if (code === 'PROPERTY_UNKNOWN' || code === 'PROPERTY_INVALID') throw error;
        tried.push({ device, outcome: error instanceof Error ? error.message : String(error), code });
        return next(rest);
      },
    );
  };
  return after(candidates(host, config), next);
}

/** Why no device runs the model; with the devices' own code where they agree. */
function refusal(model: Model, tried: readonly Attempt[]): CuveeError {
  const codes = new Set(tried.map((t) => t.code));
  const code = codes.size === 1 ? ([...codes][0] as ErrorCode) : 'MODEL_UNSUPPORTED';
  return new CuveeError(code, `no device runs "${model.friendlyName}": ${tried.map((t) => `${t.device}: ${t.outcome}`).join('; ')}`);
}

/** The inner model with the story of the choice. */
function explained(inner: DeviceModel, tried: readonly { device: string; outcome: string }[]): DeviceModel {
  return {
    info: inner.info,
    createRequest: () => inner.createRequest(),
    ...(inner.save && { save: () => (inner.save as NonNullable<DeviceModel['save']>)() }),
    explain(): Explanation {
      const below = inner.explain?.() ?? { summary: {}, rows: [] };
      return {
        summary: { device: 'AUTO', ...Object.fromEntries(tried.map((t) => [t.device, t.outcome])), ...prefixed(below.summary) },
        rows: below.rows,
      };
    },
    release: () => inner.release(),
  };
}
const prefixed = (summary: Explanation['summary']): Explanation['summary'] =>
  Object.fromEntries(Object.entries(summary).filter(([k]) => k !== 'device'));

/** `new Core({ plugins: [auto(), cpu()] })`. */
export const auto = (): DevicePlugin => ({
  name: 'AUTO',
  version: '0.1.0',
  meta: true,
  properties: {
    PERFORMANCE_HINT: {
      type: 'enum',
      mutability: 'RW',
      words: ['LATENCY', 'THROUGHPUT', 'CUMULATIVE_THROUGHPUT'],
      description: 'What to be fast at; handed to the device chosen',
    },
    INFERENCE_NUM_THREADS: { type: 'int', mutability: 'RW', min: 0, description: 'Compute threads, for devices that have such' },
    NUM_STREAMS: { type: 'int', mutability: 'RW', min: -1, description: 'Inferences at the same time, for devices that have such' },
    EXECUTION_MODE_HINT: {
      type: 'enum',
      mutability: 'RW',
      words: ['PERFORMANCE', 'ACCURACY'],
      description: 'Speed or accuracy; handed to the device chosen',
    },
    INFERENCE_PRECISION_HINT: { type: 'text', mutability: 'RW', description: 'Type of the arithmetic; handed to the device chosen' },
    PERF_COUNT: { type: 'bool', mutability: 'RW', description: 'Measure every step of every inference' },
  },
  devices: () => [{ id: '', fullName: 'Automatic device selection' }],
  keeps: () => true,
  query: (model, config, { host }) =>
    after(candidates(host, config), (devices) => {
      const merged = new Map<Node, true | string>();
      const ask = ([device, ...rest]: readonly string[]): Awaitable<Support> => {
        if (device === undefined) return merged;
        const take = (support: Support): Awaitable<Support> => {
          for (const [node, answer] of support) {
            if (answer === true || !merged.has(node)) merged.set(node, answer === true ? true : `${device}: ${answer}`);
          }
          return ask(rest);
        };
        // A device that cannot be asked supports nothing.
        const say = (error: unknown): Awaitable<Support> =>
          take(new Map(model.nodes().map((n) => [n, error instanceof Error ? error.message : String(error)])));
        return attempt(() => host.query(model, device, innerConfig(config, device, host)), take, say);
      };
      return ask(devices);
    }),
  compile: choose,
});

export default auto;
