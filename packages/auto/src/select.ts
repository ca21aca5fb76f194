/** @file From the devices in order to the order for one model: its precision, its priority, and how busy the devices are. */
import {
  after,
  all,
  CuveeError,
  modelPrecision,
  nearest,
  parseDevice,
  type Awaitable,
  type Config,
  type DeviceHost,
  type Model,
  type PropertyValue,
} from '@cuvee/core';
import { isKind, lastResort, moveBack, type Candidate } from './order.js';
import { takenBy, type Priority } from './priority.js';

/** The candidates for a model, and what they were judged by. */
export interface Selection {
  readonly candidates: readonly Candidate[];
  readonly precision: string;
}

/** Devices that lack the precision, that more important models use, or that are busy go to the back. */
export function select(model: Model, list: readonly Candidate[], config: Config, host: DeviceHost): Awaitable<Selection> {
  const precision = modelPrecision(model);
  const choice = list.filter(({ device }) => !isKind(device, lastResort));
  if (choice.length < 2) return { candidates: list, precision };
  const priority = (config.MODEL_PRIORITY ?? 'MEDIUM') as Priority;
  const limits = (config.DEVICES_UTILIZATION_THRESHOLD ?? {}) as Readonly<Record<string, number>>;
  return after(all(choice.map(({ device }) => capabilities(device, host))), (able) => {
    const known = new Map(choice.map(({ device }, i) => [device, able[i] as readonly string[]]));
    const busy = (device: string): string | undefined => {
      const limit = limits[device] ?? limits[parseDevice(device).name];
      const load = Math.round(host.load(device) * 100);
      return limit !== undefined && load >= limit ? `busy ${load} % of the last second, the limit is ${limit} %` : undefined;
    };
    let candidates = moveBack(list, (device) => lacks(known.get(device) ?? [], precision));
    candidates = moveBack(candidates, (device) => takenBy(device, priority));
    candidates = moveBack(candidates, busy);
    return { candidates, precision };
  });
}

/** Throws PROPERTY_INVALID for limits of utilisation that are none, or of a device that is not there to choose. */
export function checkLimits(limits: PropertyValue, devices: readonly string[]): void {
  const names = [...new Set(devices.flatMap((device) => [device, parseDevice(device).name]))];
  for (const [device, limit] of Object.entries(limits)) {
    const wrong = !names.includes(device)
      ? `names ${device}, which is not among ${devices.join(', ')}${nearest(device, names)}`
      : typeof limit !== 'number' || !(limit >= 0 && limit <= 100)
        ? `must say a percentage from 0 to 100 for ${device}, got ${JSON.stringify(limit)}`
        : undefined;
    if (wrong) throw new CuveeError('PROPERTY_INVALID', `DEVICES_UTILIZATION_THRESHOLD of AUTO ${wrong}`);
  }
}

/** Empty: it does not say, or it is a device over devices. */
const capabilities = (device: string, host: DeviceHost): Awaitable<readonly string[]> =>
  parseDevice(device).list ? [] : after(host.describe(device), (report) => report.capabilities);

const numeric = /^(FP|BF|INT)\d+$/;
function lacks(capable: readonly string[], precision: string): string | undefined {
  const types = capable.filter((c) => numeric.test(c));
  return types.length === 0 || types.includes(precision) ? undefined : `computes in ${types.join(', ')}, the model in ${precision}`;
}
