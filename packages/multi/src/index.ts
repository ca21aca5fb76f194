/** @file Meta-device MULTI: spreads inferences over the devices named. `MULTI:CPU(4),GPU(2)` says how many may run on each. */
import {
  after,
  all,
  bareDevice,
  Branch,
  checkInner,
  CuveeError,
  hasStates,
  innerConfig,
  listedDevices,
  openForms,
  portTexts,
  rankOf,
  scheduledModel,
  Scheduler,
  schedulingProperties,
  sharedHints,
  supportBy,
  type Awaitable,
  type CompileOptions,
  type Config,
  type DeviceModel,
  type DeviceName,
  type DevicePlugin,
  type LoadedModel,
  type Model,
  type Node,
  type ScheduledModelOptions,
  type SchedulerOptions,
  type Support,
} from '@cuvee/core';

/** The devices named. Throws ARGUMENT_INVALID for none, one that is left out, or one that is named twice. */
function listOf(config: Config): readonly DeviceName[] {
  const list = listedDevices('MULTI', config);
  if (list.length === 0) throw new CuveeError('ARGUMENT_INVALID', 'MULTI needs a list of devices: MULTI:CPU,GPU');
  const left = list.find((d) => d.excluded);
  if (left) throw new CuveeError('ARGUMENT_INVALID', `MULTI runs on the devices that it names; -${bareDevice(left)} names none`);
  const names = list.map(bareDevice);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new CuveeError('ARGUMENT_INVALID', `MULTI names ${twice} twice; give the number of its requests: ${twice}(2)`);
  return list;
}

/** Devices are asked for throughput, unless the caller said how they shall divide themselves. */
const forThroughput = (config: Config): Config => ({
  ...config,
  ...(config.PERFORMANCE_HINT === 'LATENCY' ||
  (config.PERFORMANCE_HINT === undefined && (config.NUM_STREAMS !== undefined || config.INFERENCE_NUM_THREADS !== undefined))
    ? {}
    : { PERFORMANCE_HINT: 'THROUGHPUT' }),
});

function compile(model: Model, config: Config, { host, signal, paced }: CompileOptions): Awaitable<DeviceModel> {
  const list = listOf(config);
  const devices = list.map(bareDevice);
  if (hasStates(model) && model.sinks.length > 0)
    throw new CuveeError(
      'MODEL_UNSUPPORTED',
      `MULTI cannot run "${model.friendlyName}": it has states, and inferences move between devices`,
    );
  const own = forThroughput(config);
  checkInner('MULTI', own, devices, host);
  return start(
    list,
    own,
    { signal, paced, host },
    {
      name: model.friendlyName,
      compile: (device, asked) => host.compile(model, device, innerConfig(own, device, host), asked),
      origin: { by: 'MULTI', ports: portTexts(model), model, config: own, host, states: false },
    },
  );
}

/** What an export of MULTI holds, for the same devices. */
function load(blob: Uint8Array, config: Config, options: CompileOptions): Awaitable<LoadedModel> {
  const list = listOf(config);
  const devices = list.map(bareDevice);
  const own = forThroughput(config);
  checkInner('MULTI', own, devices, options.host);
  return after(openForms('MULTI', blob, devices, own, options), (opened) =>
    after(
      start(
        list.filter((d) => opened.devices.includes(bareDevice(d))),
        own,
        options,
        { name: opened.ports.friendlyName, compile: opened.compile, origin: opened },
      ),
      (compiled) => ({ ports: opened.ports, compiled }),
    ),
  );
}

/** Where a model comes from. */
interface Source {
  readonly name: string;
  readonly compile: SchedulerOptions['compile'];
  readonly origin: ScheduledModelOptions['origin'];
}

function start(
  list: readonly DeviceName[],
  config: Config,
  { signal, paced }: CompileOptions,
  { name, compile: compiling, origin }: Source,
): Awaitable<DeviceModel> {
  const policy = (config.SCHEDULE_POLICY ?? 'DEVICE_PRIORITY') as 'DEVICE_PRIORITY' | 'ROUND_ROBIN';
  const repeat = config.ENABLE_RUNTIME_FALLBACK !== false;
  const scheduler = new Scheduler({
    by: 'MULTI',
    model: name,
    branches: list.map((d, i) => new Branch({ device: bareDevice(d), workers: d.count, because: `${i + 1}. in the list` })),
    compile: compiling,
    spread: true,
    repeat,
    policy,
    deadline: Number(config.CUVEE_RUN_DEADLINE_MS ?? 0),
    level: rankOf(config.LOG_LEVEL),
  });
  return after(scheduler.supply.startAll({ signal, paced }, true), () =>
    scheduledModel(scheduler, {
      properties: {
        SCHEDULE_POLICY: policy,
        ENABLE_RUNTIME_FALLBACK: repeat,
        MULTI_DEVICE_PRIORITIES: String(config.MULTI_DEVICE_PRIORITIES ?? ''),
      },
      decided: { mode: 'all devices side by side', policy },
      origin,
    }),
  );
}

/** `new Core({ plugins: [multi(), cpu()] })`. */
export const multi = (): DevicePlugin => ({
  name: 'MULTI',
  version: '0.1.0',
  meta: true,
  properties: { ...sharedHints, ...schedulingProperties },
  devices: () => [{ id: '', fullName: 'Several devices at once', capabilities: ['EXPORT_IMPORT'] }],
  keeps: () => true,
  /** A node is supported when all devices support it: any inference may meet any of them. */
  query: (model, config, { host }) => {
    const devices = listOf(config).map(bareDevice);
    return after(all(devices.map((d) => host.query(model, d, innerConfig(config, d, host)))), (supports): Support => {
      const refusal = (answers: readonly (true | string | undefined)[]): string | undefined => {
        const at = answers.findIndex((a) => a !== true);
        return at < 0 ? undefined : `${devices[at]}: ${String(answers[at] ?? 'no answer')}`;
      };
      const kept = (node: Node): string | undefined =>
        node.attributes.variable_id === undefined ? undefined : 'MULTI: a state stays with its device, and inferences move between devices';
      return supportBy(model, (node) => kept(node) ?? refusal(supports.map((s) => s.get(node))));
    });
  },
  compile,
  load,
  keptBelow: true,
});

export default multi;
