/** @file Compiles a model for AUTO: chooses, starts, and says why. */
import {
  after,
  Branch,
  checkInner,
  CuveeError,
  innerConfig,
  parseDevice,
  rankOf,
  scheduledModel,
  Scheduler,
  type Awaitable,
  type CompileOptions,
  type Config,
  type DeviceModel,
  type Model,
} from '@cuvee/core';
import { candidates, helperKind, isKind, lastResort, type Candidate } from './order.js';
import { claim, type Priority } from './priority.js';
import { select, type Selection } from './select.js';

/** Whether something lives from one inference to the next. */
const hasStates = (model: Model): boolean => model.nodes().some((n) => n.attributes.variable_id !== undefined);

/** How AUTO works for a model with a configuration. */
interface Plan {
  readonly config: Config;
  /** All devices side by side. */
  readonly spread: boolean;
  /** Inferences move to another device when theirs is lost. */
  readonly repeat: boolean;
  /** Another device serves while the wanted one compiles. */
  readonly helped: boolean;
}

function planned(model: Model, config: Config): Plan {
  const spread = config.PERFORMANCE_HINT === 'CUMULATIVE_THROUGHPUT';
  // A state belongs to the request of one device, and cannot move.
  const states = hasStates(model);
  return {
    config: spread ? { ...config, PERFORMANCE_HINT: 'THROUGHPUT' } : config,
    spread,
    repeat: !states && config.ENABLE_RUNTIME_FALLBACK !== false,
    helped: !states && !spread && config.ENABLE_STARTUP_FALLBACK !== false,
  };
}

/** Compiles; answers at once when the device that serves first does. */
export function compile(model: Model, config: Config, options: CompileOptions): Awaitable<DeviceModel> {
  const { host } = options;
  return after(candidates(host, config), (list) =>
    after(select(model, list, config, host), (selection) => {
      const devices = selection.candidates.map((c) => c.device);
      checkInner('AUTO', config, devices, host);
      if (hasStates(model) && planned(model, config).spread && devices.length > 1)
        throw new CuveeError(
          'MODEL_UNSUPPORTED',
          `AUTO cannot spread "${model.friendlyName}" over ${devices.join(', ')}: it has states, and inferences move between devices`,
        );
      return start(model, planned(model, config), selection, options);
    }),
  );
}

const branchOf = ({ device, workers, because, unlisted }: Candidate, { spread }: Plan): Branch =>
  new Branch({
    device,
    because,
    workers: workers ?? (spread ? undefined : Number.POSITIVE_INFINITY),
    lastResort: unlisted && isKind(device, lastResort),
  });

function start(model: Model, plan: Plan, selection: Selection, { host, signal, paced }: CompileOptions): Awaitable<DeviceModel> {
  const { config, spread, repeat } = plan;
  const inner = (device: string): Config => innerConfig(config, device, host);
  const all = selection.candidates.map((c) => branchOf(c, plan));
  // Side by side with real devices, the last resort would only take work from them.
  const branches = spread && all.some((b) => !b.lastResort) ? all.filter((b) => !b.lastResort) : all;
  const scheduler = new Scheduler({
    by: 'AUTO',
    model: model.friendlyName,
    branches,
    compile: (device, asked) => host.compile(model, device, inner(device), asked),
    spread,
    repeat,
    policy: config.SCHEDULE_POLICY as 'DEVICE_PRIORITY' | 'ROUND_ROBIN' | undefined,
    deadline: Number(config.CUVEE_RUN_DEADLINE_MS ?? 0),
    level: rankOf(config.LOG_LEVEL),
  });
  const { supply } = scheduler;
  const asked = { signal, paced };
  const [first] = branches as [Branch];
  const helper = plan.helped ? branches.slice(1).find((b) => isKind(b.device, helperKind)) : undefined;
  const begin = (): Awaitable<void> => {
    if (spread) return supply.startAll(asked, false);
    if (!helper || isKind(first.device, helperKind)) return supply.startFirst(asked);
    if (!config.CACHE_DIR) return supply.startWith(helper, asked);
    return after(host.cached(model, first.device, inner(first.device)), (kept) =>
      kept ? supply.startCompiled(first, kept) : supply.startWith(helper, asked),
    );
  };
  return after(begin(), () => {
    const priority = (config.MODEL_PRIORITY ?? 'MEDIUM') as Priority;
    const target = branches.find((b) => b.state !== 'refused') ?? first;
    const used = spread ? supply.ready.map((b) => b.device) : [target.device];
    return scheduledModel(scheduler, {
      properties: own(config, repeat),
      decided: decided(plan, selection, host),
      released: claim(used, priority),
    });
  });
}

const own = (config: Config, repeat: boolean): Config => ({
  ENABLE_STARTUP_FALLBACK: config.ENABLE_STARTUP_FALLBACK ?? true,
  ENABLE_RUNTIME_FALLBACK: repeat,
  MODEL_PRIORITY: config.MODEL_PRIORITY ?? 'MEDIUM',
  SCHEDULE_POLICY: config.SCHEDULE_POLICY ?? 'DEVICE_PRIORITY',
  ...(config.MULTI_DEVICE_PRIORITIES !== undefined && { MULTI_DEVICE_PRIORITIES: config.MULTI_DEVICE_PRIORITIES }),
});

/** What was decided, and which properties a device does not know. */
function decided(
  { spread, config }: Plan,
  { candidates: list, precision }: Selection,
  host: CompileOptions['host'],
): Record<string, string> {
  const apart = new Set(['DEVICE_PROPERTIES', 'MULTI_DEVICE_PRIORITIES', 'DEVICE_ID', 'CACHE_DIR', 'LOG_LEVEL']);
  const mine = /^(ENABLE_|MODEL_PRIORITY|DEVICES_|SCHEDULE_|CUVEE_RUN_)/;
  const given = Object.keys(config).filter((name) => !apart.has(name) && !mine.test(name));
  const unknown = list.flatMap(({ device }): [string, string][] => {
    const table = host.properties(parseDevice(device).name);
    const names = given.filter((name) => !Object.hasOwn(table, name));
    return names.length > 0 ? [[`unknown to ${device}`, names.join(', ')]] : [];
  });
  return {
    mode: spread ? 'all devices side by side' : 'the first device that can',
    order: list.map((c) => c.device).join(', '),
    precision,
    ...Object.fromEntries(unknown),
  };
}
