/** @file What meta-devices share: their list of devices, and what of their configuration is for an inner device. */
import { CuveeError } from '../errors.js';
import { parseDevice, printDevice, type DeviceName } from '../runtime/device-name.js';
import type { DeviceHost } from './contract.js';
import { checkConfig, nearest, type Config } from './properties.js';

/** The devices that a meta-device was given, `GPU,CPU(4)`; empty when it was given none. Throws ARGUMENT_INVALID. */
export function listedDevices(meta: string, config: Config): readonly DeviceName[] {
  const text = String(config.MULTI_DEVICE_PRIORITIES ?? '');
  return text === '' ? [] : (parseDevice(`${meta}:${text}`).list ?? []);
}

/** Text of a listed device without its count, as `DeviceHost` takes it. */
export const bareDevice = ({ name, id, list }: DeviceName): string => printDevice({ name, id, ...(list && { list }) });

const apart = 'DEVICE_PROPERTIES_';
type Nested = Readonly<Record<string, Config>>;

/**
 * Settings with all spellings of nested properties as one: `DEVICE_PROPERTIES_CPU: {…}` goes before `DEVICE_PROPERTIES: { CPU: {…} }`,
 * which is also called `device.properties`.
 */
export function gathered(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { 'device.properties': other, ...named } = given;
  return other === undefined ? apartOnes(given) : apartOnes({ DEVICE_PROPERTIES: other, ...named });
}
function apartOnes(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const named = Object.entries(settings).filter(([key]) => key.startsWith(apart));
  if (named.length === 0) return settings;
  const rest = Object.fromEntries(Object.entries(settings).filter(([key]) => !key.startsWith(apart)));
  const together: Record<string, unknown> = { ...(rest.DEVICE_PROPERTIES as Nested | undefined) };
  for (const [key, value] of named) {
    const device = key.slice(apart.length);
    const own = typeof value === 'string' ? (JSON.parse(value) as Config) : (value as Config);
    together[device] = { ...(together[device] as Config | undefined), ...own };
  }
  return { ...rest, DEVICE_PROPERTIES: together };
}

/** Whether properties given for `key` are for the device: the same name, and no other id. `GPU` is for `GPU.1`, `GPU.0` for `GPU.0.1`. */
const isFor = (key: DeviceName, device: DeviceName): boolean =>
  key.name === device.name && (key.id === '' || device.id === key.id || device.id.startsWith(`${key.id}.`));

/** The device and all that it holds. */
const within = (device: DeviceName): readonly DeviceName[] => [device, ...(device.list ?? []).flatMap(within)];

/**
 * Configuration of an inner device: those of the meta-device's own properties that the device knows (threads mean nothing to some),
 * and before them what DEVICE_PROPERTIES gives it by name; with an id goes before without. Inner meta-devices get what is for theirs.
 */
export function innerConfig(config: Config, device: string, host: DeviceHost): Config {
  const { MULTI_DEVICE_PRIORITIES: _list, DEVICE_PROPERTIES, DEVICE_ID: _id, DEVICE_COUNT: _count, ...rest } = config;
  const table = host.properties(device);
  const parsed = parseDevice(device);
  const shared = Object.entries(rest).filter(([name]) => Object.hasOwn(table, name));
  const nested = Object.entries((DEVICE_PROPERTIES as Nested | undefined) ?? {}).map(([key, own]) => [parseDevice(key), key, own] as const);
  const own = nested.filter(([key]) => isFor(key, parsed)).sort(([a], [b]) => a.id.length - b.id.length);
  const below = Object.hasOwn(table, 'DEVICE_PROPERTIES')
    ? nested.filter(([key]) => !isFor(key, parsed) && (!parsed.list || within(parsed).some((d) => isFor(key, d))))
    : [];
  return {
    ...Object.fromEntries(shared),
    ...Object.assign({}, ...own.map(([, , properties]) => properties)),
    ...(below.length > 0 && { DEVICE_PROPERTIES: Object.fromEntries(below.map(([, key, properties]) => [key, properties])) }),
  } as Config;
}

/**
 * Checks before anything is compiled what the inner devices will be given, those too whose turn comes later or never.
 * Throws PROPERTY_UNKNOWN, PROPERTY_INVALID; also for a device in DEVICE_PROPERTIES that is none of these.
 */
export function checkInner(meta: string, config: Config, devices: readonly string[], host: DeviceHost): void {
  const reached = devices.map((d) => parseDevice(d));
  const open = reached.some((d) => !d.list && Object.hasOwn(host.properties(d.name), 'DEVICE_PROPERTIES'));
  for (const key of Object.keys((config.DEVICE_PROPERTIES as Nested | undefined) ?? {})) {
    const named = parseDevice(key);
    if (!open && !reached.flatMap(within).some((device) => isFor(named, device)))
      throw new CuveeError(
        'PROPERTY_INVALID',
        `DEVICE_PROPERTIES of ${meta} names ${key}, which is not among ${devices.join(', ')}${nearest(key, devices)}`,
      );
  }
  for (const device of devices) checkConfig(device, host.properties(device), innerConfig(config, device, host));
}
