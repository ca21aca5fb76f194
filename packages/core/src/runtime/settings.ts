/** @file Properties that users set on a `Core`: for all devices, and for each. */
import { CuveeError } from '../errors.js';
import type { DevicePlugin } from '../device/contract.js';
import { checkConfig, commonProperties, globalProperties, nearest, type PropertyTable, type PropertyValue } from '../device/properties.js';

type Given = Readonly<Record<string, unknown>>;

/** Properties of every meta-device. */
const metaProperties: PropertyTable = {
  MULTI_DEVICE_PRIORITIES: { type: 'text', mutability: 'RW', description: 'Devices to choose from, most wanted first', default: '' },
  DEVICE_PROPERTIES: { type: 'object', mutability: 'RW', description: 'Properties for inner devices, by device name', default: {} },
};

/** Every property of a plugin's devices. */
export const tableOf = (plugin: DevicePlugin): PropertyTable => ({
  ...commonProperties,
  ...globalProperties,
  ...(plugin.meta && metaProperties),
  ...plugin.properties,
});

/** What was set. Values are checked, of their declared types. */
export class Settings {
  readonly #all: Record<string, PropertyValue> = {};
  readonly #devices = new Map<string, Record<string, PropertyValue>>();

  /**
   * For every device that knows the property. `tables`: those of the devices there are.
   * Throws PROPERTY_UNKNOWN when none does, PROPERTY_INVALID.
   */
  setForAll(given: Given, tables: readonly PropertyTable[]): void {
    const union: PropertyTable = Object.assign({}, ...tables, globalProperties) as PropertyTable;
    Object.assign(this.#all, checkConfig('(any)', union, given));
  }

  setForDevice(device: string, table: PropertyTable, given: Given): void {
    this.#devices.set(device, { ...this.#devices.get(device), ...checkConfig(device, table, given) });
  }

  /** What a device compiles with, unless the call says otherwise. */
  of(device: string, table: PropertyTable): Record<string, PropertyValue> {
    const shared = Object.entries(this.#all).filter(([name]) => Object.hasOwn(table, name));
    return { ...Object.fromEntries(shared), ...this.#devices.get(device) };
  }

  /** All that was set, as a text: what devices inside a meta-device compile with beside what they are given. `but`: names that do not count. */
  text(but: ReadonlySet<string>): string {
    const sorted = (set: Readonly<Record<string, PropertyValue>>): readonly unknown[] =>
      Object.entries(set)
        .filter(([name]) => !but.has(name))
        .sort(([a], [b]) => (a < b ? -1 : 1));
    const devices = [...this.#devices].map(([device, set]) => [device, sorted(set)] as const).filter(([, set]) => set.length > 0);
    return JSON.stringify([sorted(this.#all), devices.sort(([a], [b]) => (a < b ? -1 : 1))]);
  }

  /** A property of no device in particular. Throws PROPERTY_UNKNOWN. */
  common(name: string): PropertyValue {
    const value = this.#all[name] ?? globalProperties[name]?.default;
    if (value === undefined)
      throw new CuveeError(
        'PROPERTY_UNKNOWN',
        `there is no property "${name}" without a device${nearest(name, Object.keys(globalProperties))}`,
      );
    return value;
  }
}
