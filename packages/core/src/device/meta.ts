/** @file What meta-devices share: their list of devices, and what of their configuration is for an inner device. */
import { parseDevice, printDevice, type DeviceName } from '../runtime/device-name.js';
import type { DeviceHost } from './contract.js';
import type { Config } from './properties.js';

/** The devices that a meta-device was given, `GPU,CPU(4)`; empty when it was given none. Throws ARGUMENT_INVALID. */
export function listedDevices(meta: string, config: Config): readonly DeviceName[] {
  const text = String(config.MULTI_DEVICE_PRIORITIES ?? '');
  return text === '' ? [] : (parseDevice(`${meta}:${text}`).list ?? []);
}

/** Text of a listed device without its count, as `DeviceHost` takes it. */
export const bareDevice = ({ name, id, list }: DeviceName): string => printDevice({ name, id, ...(list && { list }) });

/**
 * Configuration of an inner device: what DEVICE_PROPERTIES gives it by name, and those of the meta-device's own properties that
 * the device knows (threads mean nothing to some).
 */
export function innerConfig(config: Config, device: string, host: DeviceHost): Config {
  const { MULTI_DEVICE_PRIORITIES: _list, DEVICE_PROPERTIES: own, DEVICE_ID: _id, ...rest } = config;
  const table = host.properties(device);
  const shared = Object.entries(rest).filter(([name]) => Object.hasOwn(table, name));
  return { ...Object.fromEntries(shared), ...((own as Record<string, Config> | undefined)?.[parseDevice(device).name] ?? {}) };
}
