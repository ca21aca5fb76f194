/** @file From a device text to its plugin and configuration: every device named in it is known, is there, and holds no device like itself. */
import { CuveeError } from '../errors.js';
import type { AbsentDevice, Awaitable, DeviceInfo, DevicePlugin } from '../device/contract.js';
import { gathered } from '../device/meta.js';
import { checkConfig, type Config, type PropertyTable, type PropertyValue } from '../device/properties.js';
import { after, all } from './awaitable.js';
import { parseDevice, printDevice, type DeviceName } from './device-name.js';
import type { Registry } from './registry.js';
import { tableOf, type Settings } from './settings.js';

/** A device to work with. */
export interface Resolved {
  readonly plugin: DevicePlugin;
  /** Checked, with what was set before and what the text says: MULTI_DEVICE_PRIORITIES, DEVICE_ID. */
  readonly config: Config;
  /** Names of the meta-devices that asked for it, outermost first, itself among them when it is one. */
  readonly within: readonly string[];
}

/** What stands around a device text: the devices there are, and the meta-devices that asked, outermost first. */
export interface Surroundings {
  readonly registry: Registry;
  readonly settings: Settings;
  readonly within?: readonly string[] | undefined;
}

/**
 * The plugin of a device text and its configuration.
 * Throws ARGUMENT_INVALID, DEVICE_NOT_FOUND (with the reason and near names), PLUGIN_LOAD_FAILED, PROPERTY_UNKNOWN, PROPERTY_INVALID.
 */
export function resolveDevice(text: string, given: Readonly<Record<string, unknown>>, around: Surroundings): Awaitable<Resolved> {
  const { registry, settings, within = [] } = around;
  const device = parseDevice(text);
  const plugin = registry.plugin(device.name);
  if (device.list && !plugin.meta) throw new CuveeError('ARGUMENT_INVALID', `device "${text}": ${device.name} takes no list of devices`);
  if (device.count !== undefined)
    throw new CuveeError(
      'ARGUMENT_INVALID',
      `device "${text}": a number belongs to a device in a list, MULTI:${printDevice(device, true)}`,
    );
  const table = tableOf(plugin);
  const settingsGiven = plugin.meta ? gathered(given) : given;
  if (plugin.meta) refuseInnerOnes(device, table, settingsGiven, registry);
  const checked = checkConfig(device.name, table, settingsGiven);
  const said: Record<string, string> = {};
  if (device.list) said.MULTI_DEVICE_PRIORITIES = device.list.map((d) => printDevice(d, true)).join(',');
  if (device.id !== '') said.DEVICE_ID = device.id;
  if (plugin.meta && device.id === '' && checked.DEVICE_ID)
    throw new CuveeError(
      'ARGUMENT_INVALID',
      `device "${text}": ${device.name} has no DEVICE_ID; one of a device inside goes into its name, CPU.1`,
    );
  for (const [name, value] of Object.entries(said)) {
    const other = checked[name];
    if (other !== undefined && other !== '' && other !== value)
      throw new CuveeError(
        'ARGUMENT_INVALID',
        `device "${text}": property ${name} says ${JSON.stringify(other)}, the device's name says otherwise`,
      );
  }
  const config: Record<string, PropertyValue> = { ...settings.of(device.name, table), ...checked, ...said };
  const bare = printDevice({ name: device.name, id: device.id });
  // As the caller wrote it, so that positions are those of that text; what properties say beside it is put in.
  const id = !plugin.meta && device.id === '' ? String(config.DEVICE_ID ?? '') : '';
  const whole =
    plugin.meta && !device.list && config.MULTI_DEVICE_PRIORITIES
      ? `${bare}:${String(config.MULTI_DEVICE_PRIORITIES)}`
      : id
        ? `${bare}.${id}`
        : text;
  const chain = plugin.meta ? [...within, device.name] : within;
  return after(checkDevices(whole, registry, within), () => ({ plugin, config, within: chain }));
}

/** Refuses a property that a meta-device does not know and a device in its list does, saying how that one is given it. */
function refuseInnerOnes(
  { name, list = [] }: DeviceName,
  table: PropertyTable,
  given: Readonly<Record<string, unknown>>,
  registry: Registry,
): void {
  for (const property of Object.keys(given)) {
    if (Object.hasOwn(table, property)) continue;
    const inner = list.find(
      (d) => !d.excluded && registry.deviceNames.includes(d.name) && Object.hasOwn(tableOf(registry.plugin(d.name)), property),
    );
    if (inner)
      throw new CuveeError(
        'PROPERTY_UNKNOWN',
        `device ${name} has no property "${property}"; ${inner.name} has: DEVICE_PROPERTIES: { ${inner.name}: { ${property}: … } }`,
      );
  }
}

/** Refuses the first device named in a text that is unknown, absent, or inside its own list. */
function checkDevices(text: string, registry: Registry, within: readonly string[]): Awaitable<unknown> {
  const positions = new Map<DeviceName, number>();
  const root = parseDevice(text, (device, position) => positions.set(device, position));
  const found: Awaitable<void>[] = [];
  const visit = (device: DeviceName, above: readonly string[]): void => {
    // The only device in a text needs no position.
    const about = `device "${text}"${device === root ? '' : `, position ${positions.get(device)}`}`;
    let plugin: DevicePlugin;
    try {
      plugin = registry.plugin(device.name);
    } catch (error) {
      throw device === root ? error : CuveeError.wrap(about, error);
    }
    const { list = [] } = device;
    if (list.length > 0 && !plugin.meta) throw new CuveeError('ARGUMENT_INVALID', `${about}: ${device.name} takes no list of devices`);
    if (plugin.meta && above.includes(device.name)) {
      const chain = [...above.slice(above.indexOf(device.name)), device.name].join(' in ');
      throw new CuveeError('ARGUMENT_INVALID', `${about}: ${device.name} cannot hold itself (${chain}, the outer one first)`);
    }
    if (!device.excluded) found.push(after(plugin.devices(), (devices) => checkPresent(about, device, devices)));
    for (const inner of list) visit(inner, plugin.meta ? [...above, device.name] : above);
  };
  visit(root, within);
  return all(found);
}

/** Throws DEVICE_NOT_FOUND when the plugin has no such device, or has it absent. */
function checkPresent(about: string, { name, id }: DeviceName, found: readonly (DeviceInfo | AbsentDevice)[]): void {
  const chosen = found.find((d) => d.id === id) ?? (id === '' ? (found.find((d) => !('absent' in d)) ?? found[0]) : undefined);
  if (!chosen) {
    const ids = found.flatMap((d) => (d.id === '' ? [] : [`${name}.${d.id}`]));
    const there = ids.length > 0 ? `it has ${ids.join(', ')}` : found.length > 0 ? `its only one is called ${name}` : 'it has none';
    throw new CuveeError('DEVICE_NOT_FOUND', `${about}: ${name} has no device with id "${id}"; ${there}`);
  }
  if ('absent' in chosen)
    throw new CuveeError('DEVICE_NOT_FOUND', `${about}: ${id ? `${name}.${id}` : name} is not present: ${chosen.absent}`);
}
