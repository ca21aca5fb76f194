/** @file Compiles a model for AUTO: chooses, starts, and says why. */
import {
  after,
  Branch,
  checkInner,
  CuveeError,
  hasStates,
  innerConfig,
  openForms,
  parseDevice,
  portTexts,
  rankOf,
  scheduledModel,
  Scheduler,
  type Asked,
  type Awaitable,
  type CompileOptions,
  type Config,
  type DeviceModel,
  type LoadedModel,
  type Model,
  type ScheduledModelOptions,
  type SchedulerOptions,
} from '@cuvee/core';
import { candidates, helperKind, isKind, lastResort, type Candidate } from './order.js';
import { claim, type Priority } from './priority.js';
import { checkLimits, select, type Selection } from './select.js';

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

/** `states`: they belong to the request of one device, and cannot move. */
function planned(states: boolean, config: Config): Plan {
  const spread = config.PERFORMANCE_HINT === 'CUMULATIVE_THROUGHPUT';
  return {
    config: spread ? { ...config, PERFORMANCE_HINT: 'THROUGHPUT' } : config,
    spread,
    repeat: !states && config.ENABLE_RUNTIME_FALLBACK !== false,
    helped: !states && !spread && config.ENABLE_STARTUP_FALLBACK !== false,
  };
}

/** Throws PROPERTY_UNKNOWN or PROPERTY_INVALID for what is wrong in a configuration for these devices, at any level. */
export function checkConfigured(list: readonly Candidate[], config: Config, host: CompileOptions['host']): void {
  const devices = list.map((c) => c.device);
  checkInner('AUTO', config, devices, host);
  checkLimits(config.DEVICES_UTILIZATION_THRESHOLD ?? {}, devices);
}

/** Compiles; answers at once when the device that serves first does. */
export function compile(model: Model, config: Config, options: CompileOptions): Awaitable<DeviceModel> {
  const { host } = options;
  return after(candidates(host, config), (list) => {
    checkConfigured(list, config, host);
    return after(select(model, list, config, host), (selection) => {
      const devices = selection.candidates.map((c) => c.device);
      const states = hasStates(model);
      const plan = planned(states, config);
      if (states && plan.spread && devices.length > 1)
        throw new CuveeError(
          'MODEL_UNSUPPORTED',
          `AUTO cannot spread "${model.friendlyName}" over ${devices.join(', ')}: it has states, and inferences move between devices`,
        );
      const inner = (device: string): Config => innerConfig(plan.config, device, host);
      return start(plan, selection.candidates, options, {
        name: model.friendlyName,
        compile: (device, asked) => host.compile(model, device, inner(device), asked),
        begin: (supply, asked) => beginning(supply, plan, asked, (first) => host.cached(model, first, inner(first), asked)),
        origin: { by: 'AUTO', ports: portTexts(model), model, config: plan.config, host, states },
        decided: decided(plan, selection, host),
      });
    });
  });
}

/** What an export of AUTO holds, for the devices that are here; those that it holds nothing for compile behind the back of the others. */
export function load(blob: Uint8Array, config: Config, options: CompileOptions): Awaitable<LoadedModel> {
  const { host } = options;
  return after(candidates(host, config), (list) => {
    const devices = list.map((c) => c.device);
    checkConfigured(list, config, host);
    return after(openForms('AUTO', blob, devices, planned(false, config).config, options), (opened) => {
      const plan = planned(opened.states, config);
      const chosen = opened.devices.map((device): Candidate => list.find((c) => c.device === device) as Candidate);
      const compiled = start(plan, chosen, options, {
        name: opened.ports.friendlyName,
        compile: opened.compile,
        begin(supply, asked) {
          const held = supply.branches.findIndex((b) => opened.holds(b.device));
          if (plan.spread) return supply.startAll(asked, false);
          return held > 0 ? supply.startWith(supply.branches[held] as Branch, asked) : supply.startFirst(asked);
        },
        origin: opened,
        decided: { mode: modeOf(plan), order: opened.devices.join(', '), from: 'a compiled model' },
      });
      return after(compiled, (made) => ({ ports: opened.ports, compiled: made }));
    });
  });
}

const branchOf = ({ device, workers, because, unlisted }: Candidate, { spread }: Plan): Branch =>
  new Branch({
    device,
    because,
    workers: workers ?? (spread ? undefined : Number.POSITIVE_INFINITY),
    lastResort: unlisted && isKind(device, lastResort),
  });

/** Where a model comes from, and who begins. */
interface Source {
  readonly name: string;
  readonly compile: SchedulerOptions['compile'];
  readonly begin: (supply: Scheduler['supply'], asked: Asked) => Awaitable<void>;
  readonly origin: ScheduledModelOptions['origin'];
  readonly decided: Record<string, string>;
}

function start(
  plan: Plan,
  list: readonly Candidate[],
  { signal, paced }: CompileOptions,
  { name, compile: compiling, begin, origin, decided: said }: Source,
): Awaitable<DeviceModel> {
  const { config, spread, repeat } = plan;
  const all = list.map((c) => branchOf(c, plan));
  // Side by side with real devices, the last resort would only take work from them.
  const branches = spread && all.some((b) => !b.lastResort) ? all.filter((b) => !b.lastResort) : all;
  const scheduler = new Scheduler({
    by: 'AUTO',
    model: name,
    branches,
    compile: compiling,
    spread,
    repeat,
    policy: config.SCHEDULE_POLICY as 'DEVICE_PRIORITY' | 'ROUND_ROBIN' | undefined,
    deadline: Number(config.CUVEE_RUN_DEADLINE_MS ?? 0),
    level: rankOf(config.LOG_LEVEL),
  });
  const { supply } = scheduler;
  return after(begin(supply, { signal, paced }), () => {
    const priority = (config.MODEL_PRIORITY ?? 'MEDIUM') as Priority;
    const { sole } = supply;
    const claimed = claim(sole ? only(sole.device) : inUse(supply, spread), priority);
    return scheduledModel(scheduler, { properties: own(config, repeat), decided: said, origin, released: claimed });
  });
}

/** Apart, so that what is handed out where one device is left holds no scheduler, and with it no graph. */
const only = (device: string) => (): readonly string[] => [device];
/** All that serve, or the one that serves alone or is about to: not who helps out meanwhile. */
const inUse = (supply: Scheduler['supply'], spread: boolean) => (): readonly string[] => {
  const branches = spread ? supply.ready : supply.branches.filter((b) => b.state !== 'refused' && b.state !== 'lost').slice(0, 1);
  return branches.map((b) => b.device);
};

/** Who is compiled for first: all, the most wanted, or one that is quickly there. */
function beginning(
  supply: Scheduler['supply'],
  { config, spread, helped }: Plan,
  asked: Asked,
  cached: (device: string) => Awaitable<DeviceModel | undefined>,
): Awaitable<void> {
  if (spread) return supply.startAll(asked, false);
  const [first, ...others] = supply.branches as [Branch, ...Branch[]];
  const helper = helped ? others.find((b) => isKind(b.device, helperKind)) : undefined;
  if (!helper || isKind(first.device, helperKind)) return supply.startFirst(asked);
  if (!config.CACHE_DIR) return supply.startWith(helper, asked);
  return after(cached(first.device), (kept) => (kept ? supply.startCompiled(first, kept) : supply.startWith(helper, asked)));
}

const modeOf = ({ spread }: Plan): string => (spread ? 'all devices side by side' : 'the first device that can');

const own = (config: Config, repeat: boolean): Config => ({
  ENABLE_STARTUP_FALLBACK: config.ENABLE_STARTUP_FALLBACK ?? true,
  ENABLE_RUNTIME_FALLBACK: repeat,
  MODEL_PRIORITY: config.MODEL_PRIORITY ?? 'MEDIUM',
  SCHEDULE_POLICY: config.SCHEDULE_POLICY ?? 'DEVICE_PRIORITY',
  ...(config.MULTI_DEVICE_PRIORITIES !== undefined && { MULTI_DEVICE_PRIORITIES: config.MULTI_DEVICE_PRIORITIES }),
});

/** What was decided, and which properties a device does not know. */
function decided(plan: Plan, { candidates: list, precision }: Selection, host: CompileOptions['host']): Record<string, string> {
  const apart = new Set(['DEVICE_PROPERTIES', 'MULTI_DEVICE_PRIORITIES', 'DEVICE_ID', 'CACHE_DIR', 'LOG_LEVEL']);
  const mine = /^(ENABLE_|MODEL_PRIORITY|DEVICES_|SCHEDULE_|CUVEE_RUN_)/;
  const given = Object.keys(plan.config).filter((name) => !apart.has(name) && !mine.test(name));
  const unknown = list.flatMap(({ device }): [string, string][] => {
    const table = host.properties(parseDevice(device).name);
    const names = given.filter((name) => !Object.hasOwn(table, name));
    return names.length > 0 ? [[`unknown to ${device}`, names.join(', ')]] : [];
  });
  return {
    mode: modeOf(plan),
    order: list.map((c) => c.device).join(', '),
    precision,
    ...Object.fromEntries(unknown),
  };
}
