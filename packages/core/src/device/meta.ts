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
 * Settings with all spellings of nested properties as one: `DEVICE_PROPERTIES_CPU: {…}` goes before `DEVICE_PROPERTIES: { CPU: {…} }`, and
 * this before `device.properties`, its other name. Throws PROPERTY_INVALID for what is no object of properties.
 */
export function gathered(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const rest: Record<string, unknown> = {};
  let together: Record<string, Config> | undefined;
  const add = (device: string, own: unknown, called: string): void => {
    together = { ...together, [device]: { ...together?.[device], ...(propertiesIn(own, called) as Config) } };
  };
  const spellings = ['device.properties', 'DEVICE_PROPERTIES'];
  for (const called of spellings) {
    if (given[called] === undefined) continue;
    together ??= {};
    for (const [device, own] of Object.entries(propertiesIn(given[called], called))) add(device, own, `${called} of ${device}`);
  }
  for (const [key, value] of Object.entries(given))
    if (key.startsWith(apart)) add(key.slice(apart.length), value, key);
    else if (!spellings.includes(key)) rest[key] = value;
  return together ? { ...rest, DEVICE_PROPERTIES: together } : rest;
}
/** An object, or the JSON text of one. */
function propertiesIn(value: unknown, called: string): object {
  let read = value;
  try {
    if (typeof value === 'string') read = JSON.parse(value);
  } catch {
    // said below
  }
  if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read;
  throw new CuveeError('PROPERTY_INVALID', `${called} must be an object of properties, got ${JSON.stringify(value) ?? String(value)}`);
}

/** Whether properties given for `key` are for the device: the same name, and no other id. `GPU` is for `GPU.1`, `GPU.0` for `GPU.0.1`. */
const isFor = (key: DeviceName, device: DeviceName): boolean =>
  key.name === device.name && (key.id === '' || device.id === key.id || device.id.startsWith(`${key.id}.`));

/** The device and all that it holds. */
const within = (device: DeviceName): readonly DeviceName[] => [device, ...(device.list ?? []).flatMap(within)];

/** Settings with nested ones, which go before others for the same devices. */
function joined(others: Nested, settings: Config): Readonly<Record<string, unknown>> {
  const { DEVICE_PROPERTIES = {}, ...rest } = gathered(settings) as Config;
  const merged: Record<string, Config> = { ...others };
  for (const [device, own] of Object.entries(DEVICE_PROPERTIES as Nested)) merged[device] = { ...merged[device], ...own };
  return { ...rest, DEVICE_PROPERTIES: merged };
}

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
  // What a device inside is given by the inner meta-device's name goes before what it is given by its own.
  const given = Object.assign({}, ...own.map(([, , properties]) => properties)) as Config;
  return {
    ...Object.fromEntries(shared),
    ...(below.length === 0 ? given : joined(Object.fromEntries(below.map(([, key, properties]) => [key, properties])), given)),
  } as Config;
}

/**
 * Checks before anything is compiled what the inner devices will be given, through every level, those too whose turn comes later or never.
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
  reached.forEach(({ list }, i) => {
    const device = devices[i] as string;
    const inner = innerConfig(config, device, host);
    const checked = checkConfig(device, host.properties(device), list ? gathered(inner) : inner);
    if (list) checkInner(device, checked, list.filter((d) => !d.excluded).map(bareDevice), host);
  });
}
