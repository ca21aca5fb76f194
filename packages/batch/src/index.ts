/**
 * @file Meta-device BATCH: `BATCH:CPU`. As many inferences go together as the inner device calls best; a device that calls no number
 * best, as the CPU, gets each as it comes. Batches of a given size, `BATCH:CPU(4)`, are refused: they are not built yet.
 */
import {
  after,
  bareDevice,
  CuveeError,
  innerConfig,
  listedDevices,
  type Awaitable,
  type Config,
  type DeviceModel,
  type DevicePlugin,
} from '@cuvee/core';

/** The one device that is listed. Throws ARGUMENT_INVALID, NOT_IMPLEMENTED. */
function innerDevice(config: Config): string {
  const [device, ...more] = listedDevices('BATCH', config);
  if (!device || more.length > 0 || device.excluded)
    throw new CuveeError('ARGUMENT_INVALID', `BATCH is for one device, BATCH:CPU; got "${String(config.MULTI_DEVICE_PRIORITIES ?? '')}"`);
  if ((device.count ?? 1) > 1)
    throw new CuveeError('NOT_IMPLEMENTED', `BATCH gathers no batches of ${device.count} yet; leave the number out, or use ${device.name}`);
  return bareDevice(device);
}

const shared = 'handed to the inner device';

/** `new Core({ plugins: [batch(), cpu()] })`. */
export const batch = (): DevicePlugin => ({
  name: 'BATCH',
  version: '0.1.0',
  meta: true,
  properties: {
    AUTO_BATCH_TIMEOUT: {
      type: 'int',
      mutability: 'RW',
      live: true,
      min: 0,
      default: 1000,
      description: 'Milliseconds for which an inference waits for others, where the device profits from batches',
    },
    PERFORMANCE_HINT: {
      type: 'enum',
      mutability: 'RW',
      words: ['LATENCY', 'THROUGHPUT', 'CUMULATIVE_THROUGHPUT'],
      description: `What to be fast at; ${shared}`,
    },
    INFERENCE_NUM_THREADS: { type: 'int', mutability: 'RW', min: 0, description: `Compute threads; ${shared}` },
    NUM_STREAMS: { type: 'int', mutability: 'RW', min: -1, description: `Inferences at the same time; ${shared}` },
    INFERENCE_PRECISION_HINT: { type: 'text', mutability: 'RW', description: `Type of the arithmetic; ${shared}` },
    PERF_COUNT: { type: 'bool', mutability: 'RW', description: `Measure every step of every inference; ${shared}` },
  },
  devices: () => [{ id: '', fullName: 'Inferences gathered to batches' }],
  keeps: () => true,
  query(model, config, { host }) {
    const device = innerDevice(config);
    return host.query(model, device, innerConfig(config, device, host));
  },
  compile(model, config, { host, signal }): Awaitable<DeviceModel> {
    const device = innerDevice(config);
    return after(host.compile(model, device, innerConfig(config, device, host), { signal }), (inner): DeviceModel => {
      const { optimalRequests, executionDevices, properties } = inner.info;
      const { save, explain } = inner;
      return {
        info: {
          optimalRequests,
          executionDevices,
          properties: { ...properties, AUTO_BATCH_TIMEOUT: config.AUTO_BATCH_TIMEOUT ?? 1000, OPTIMAL_BATCH_SIZE: 1 },
        },
        createRequest: () => inner.createRequest(),
        ...(save && { save: () => save.call(inner) }),
        ...(explain && { explain: () => explain.call(inner) }),
        release: () => inner.release(),
      };
    });
  },
});

export default batch;
