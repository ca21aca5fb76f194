/** @file In which order AUTO asks devices: the default order as data, and what moves a device back. */
import {
  after,
  all,
  bareDevice,
  CuveeError,
  listedDevices,
  parseDevice,
  type Awaitable,
  type Config,
  type DeviceHost,
  type DeviceName,
} from '@cuvee/core';

/** Kinds of devices, most wanted first. `others` are devices that nobody here knows: somebody installed them on purpose. */
export const order: readonly string[] = ['GPU', 'NPU', 'others', 'CPU', 'REFERENCE'];

/** The kind that is quickly there while another compiles. */
export const helperKind = 'CPU';
/** The kind that takes what all others refuse, and must not hide that they fail. */
export const lastResort = 'REFERENCE';

/** A device that may be chosen. */
export interface Candidate {
  /** Text as the host takes it. */
  readonly device: string;
  /** Requests at a time, where the list says. */
  readonly workers?: number | undefined;
  /** Why it stands where it stands. */
  readonly because: string;
  /** It was not named: it comes with the default list. */
  readonly unlisted?: boolean | undefined;
}

const kindOf = (device: string): string => {
  const { name } = parseDevice(device);
  return order.includes(name) ? name : 'others';
};
export const isKind = (device: string, kind: string): boolean => parseDevice(device).name === kind;

/** The devices of the list given in its order, else all that are present in the default order; those with a minus are left out. */
export function candidates(host: DeviceHost, config: Config): Awaitable<readonly Candidate[]> {
  const given = listedDevices('AUTO', config);
  const out = given.filter((d) => d.excluded);
  const wanted = given.filter((d) => !d.excluded);
  const found = wanted.length > 0 ? listed(host, wanted) : present(host);
  return after(found, (list) => {
    const left = list.filter(({ device }) => !out.some((d) => covers(d, parseDevice(device))));
    const names = new Set<string>();
    const once = left.filter(({ device }) => !names.has(device) && names.add(device));
    if (once.length === 0) throw new CuveeError('DEVICE_NOT_FOUND', 'AUTO has no device to choose from');
    return once;
  });
}

const covers = (a: DeviceName, b: DeviceName): boolean => a.name === b.name && (a.id === '' || a.id === b.id);

/** A name without an id stands for all devices of its plugin. */
function listed(host: DeviceHost, wanted: readonly DeviceName[]): Awaitable<readonly Candidate[]> {
  const expanded = wanted.map((d, i): Awaitable<readonly Candidate[]> => {
    const because = `${i + 1}. in the list`;
    const one = [{ device: bareDevice(d), workers: d.count, because }];
    if (d.id !== '' || d.list) return one;
    return after(host.describe(d.name), ({ name }) =>
      name === d.name
        ? one
        : after(host.availableDevices(), (names) =>
            names.filter((n) => parseDevice(n).name === d.name).map((device) => ({ device, workers: d.count, because })),
          ),
    );
  });
  return after(all(expanded), (lists) => lists.flat());
}

/** By kind; within a kind, and for unknown kinds against the CPU, by what the plugins say of their speed. */
function present(host: DeviceHost): Awaitable<readonly Candidate[]> {
  return after(host.availableDevices(), (names) =>
    after(all(names.map((device) => after(host.costs(device), (costs) => ({ device, speed: costs?.flopsPerSecond })))), (devices) => {
      const cpu = devices.find(({ device }) => isKind(device, helperKind))?.speed ?? 0;
      const ranked = devices.map(({ device, speed }) => {
        const kind = kindOf(device);
        const slow = kind === 'others' && speed !== undefined && speed < cpu;
        const rank = order.indexOf(slow ? helperKind : kind) + (slow ? 0.5 : 0);
        const because = slow ? `says that it is slower than ${helperKind}` : `${kind} is ${order.indexOf(kind) + 1}. in the default order`;
        return { rank, speed: speed ?? 0, candidate: { device, because, unlisted: true } };
      });
      return ranked.sort((a, b) => a.rank - b.rank || b.speed - a.speed).map(({ candidate }) => candidate);
    }),
  );
}

/**
 * Those for whom `against` has a reason, behind the others. Where it has one against all that are no last resort, nothing moves:
 * somebody has to do it.
 */
export function moveBack(list: readonly Candidate[], against: (device: string) => string | undefined): readonly Candidate[] {
  const reasons = new Map(list.map(({ device }) => [device, against(device)]));
  const good = list.filter(({ device }) => reasons.get(device) === undefined);
  if (good.every(({ device }) => isKind(device, lastResort))) return list;
  const serious = (c: Candidate): boolean => !isKind(c.device, lastResort);
  const moved = list
    .filter(({ device }) => reasons.get(device) !== undefined)
    .map((c) => ({ ...c, because: `${c.because}; moved back: ${reasons.get(c.device)}` }));
  return [...good.filter(serious), ...moved, ...good.filter((c) => !serious(c))];
}
