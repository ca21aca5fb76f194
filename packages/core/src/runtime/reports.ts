/** @file What devices there are, as users and meta-devices are told of them. */
import { CuveeError } from '../errors.js';
import type { Awaitable, DevicePlugin, DeviceReport } from '../device/contract.js';
import { after, all } from './awaitable.js';
import { parseDevice } from './device-name.js';
import type { Registry } from './registry.js';

/** A device's plugin: `toString()` gives both on one line. */
export interface PluginVersion {
  readonly buildNumber: string;
  readonly description: string;
}

/** The devices of a plugin, absent ones with the reason; of a plugin that does not load, one with the reason. */
export function reportsOf(registry: Registry, name: string): Awaitable<readonly DeviceReport[]> {
  let plugin: DevicePlugin;
  try {
    plugin = registry.plugin(name);
  } catch (error) {
    return [{ name, fullName: '', plugin: name, version: '', capabilities: [], absent: (error as Error).message }];
  }
  const base = { plugin: name, version: plugin.version };
  return after(plugin.devices(), (found) => {
    const present = found.filter((d) => !('absent' in d)).length;
    return found.map((d): DeviceReport => {
      const label = d.id !== '' && present > 1 ? `${name}.${d.id}` : name;
      if ('absent' in d) return { ...base, name: label, fullName: '', capabilities: [], absent: d.absent };
      return {
        ...base,
        name: label,
        // A device may have to ask the system for it, and few who ask for reports read it.
        get fullName() {
          return d.fullName;
        },
        capabilities: d.capabilities ?? [],
      };
    });
  });
}

/** Names of the devices that are present; meta-devices are not among them. */
export function availableDevices(registry: Registry): Awaitable<readonly string[]> {
  const names = registry.hardware;
  return after(all(names.map((n) => reportsOf(registry, n))), (reports) =>
    reports
      .flat()
      .filter((r) => r.absent === undefined)
      .map((r) => r.name),
  );
}

/** The device of a text, where it says one; of a meta-device the plugin. */
export function describeDevice(registry: Registry, text: string): Awaitable<DeviceReport> {
  const device = parseDevice(text);
  registry.plugin(device.name);
  return after(reportsOf(registry, device.name), (reports) => {
    const wanted = device.id === '' ? device.name : `${device.name}.${device.id}`;
    const found = reports.find((r) => r.name === wanted) ?? (device.id === '' || reports.length === 1 ? reports[0] : undefined);
    if (found) return found;
    throw new CuveeError('DEVICE_NOT_FOUND', `there is no device ${wanted}; there are ${reports.map((r) => r.name).join(', ') || 'none'}`);
  });
}

/** Not enumerable, so that versions compare and print as their fields. */
export function versionOf(name: string, plugin: DevicePlugin): PluginVersion {
  const version = { buildNumber: plugin.version, description: `Cuvée device ${name}` };
  return Object.defineProperty(version, 'toString', { value: () => `${version.description} ${version.buildNumber}` });
}
