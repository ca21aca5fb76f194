/**
 * @file Meta-device BATCH: `BATCH:CPU(8)` runs inferences that wait at the same time as rows of one batch, and those that come alone
 * alone. Models whose rows could see each other are refused, naming the node.
 */
import {
  after,
  bareDevice,
  checkInner,
  CuveeError,
  innerConfig,
  listedDevices,
  rankOf,
  sharedHints,
  type Config,
  type DeviceHost,
  type DevicePlugin,
  type Model,
  type Support,
} from '@cuvee/core';
import { compile, load, type Wish } from './compile.js';
import { rowsOf, withoutRows } from './rows.js';

/** Rows of a full batch where neither the name nor the device says a number. */
const usual = 16;

/** What a configuration asks for. Throws ARGUMENT_INVALID. */
function wishOf(config: Config, host: DeviceHost): Wish {
  const [listed, ...more] = listedDevices('BATCH', config);
  if (!listed || more.length > 0 || listed.excluded)
    throw new CuveeError('ARGUMENT_INVALID', `BATCH is for one device, BATCH:CPU; got "${String(config.MULTI_DEVICE_PRIORITIES ?? '')}"`);
  const device = bareDevice(listed);
  checkInner('BATCH', config, [device], host);
  const offered = Number(host.properties(device).OPTIMAL_BATCH_SIZE?.default ?? 0);
  const wanted = Number(config.PERFORMANCE_HINT_NUM_REQUESTS ?? 0);
  const best = offered || usual;
  return {
    device,
    inner: innerConfig(config, device, host),
    most: listed.count ?? (wanted > 0 ? Math.min(wanted, best) : best),
    timeout: Number(config.AUTO_BATCH_TIMEOUT ?? 1000),
    level: rankOf(config.LOG_LEVEL),
  };
}

/** What the device says, but that the node which forbids a batch says so. */
function withoutMixing(model: Model, support: Support): Support {
  try {
    rowsOf(model);
    return support;
  } catch (error) {
    if (!(error instanceof CuveeError)) throw error;
    const nodes = model.nodes();
    const guilty = nodes.find((n) => n.name === error.node) ?? nodes.at(-1);
    return new Map([...support].map(([node, answer]) => [node, node === guilty ? error.text : answer]));
  }
}

/** `new Core({ plugins: [batch(), cpu()] })`. */
export const batch = (): DevicePlugin => ({
  name: 'BATCH',
  version: '0.1.0',
  meta: true,
  properties: {
    ...sharedHints,
    AUTO_BATCH_TIMEOUT: {
      type: 'int',
      mutability: 'RW',
      live: true,
      min: 0,
      default: 1000,
      description:
        'Milliseconds for which an inference may wait for others; it waits only while others are expected, and never longer than a batch takes',
    },
    OPTIMAL_BATCH_SIZE: { type: 'int', mutability: 'RO', description: 'Rows of a full batch of a compiled model' },
  },
  devices: () => [{ id: '', fullName: 'Inferences gathered to batches', capabilities: ['EXPORT_IMPORT'] }],
  keeps: () => true,
  query(model, config, { host }) {
    const { device, inner, most } = wishOf(config, host);
    return after(host.query(model, device, inner), (support) =>
      most === 1 || withoutRows(model) ? support : withoutMixing(model, support),
    );
  },
  compile: (model, config, options) => compile(model, wishOf(config, options.host), options),
  load: (blob, config, options) => load(blob, wishOf(config, options.host), options),
});

export default batch;
