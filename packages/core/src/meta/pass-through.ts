/** @file A meta-device with one device left to use: its requests are that device's own, so that nothing stands between. */
import type { DeviceModel, Explanation } from '../device/contract.js';
import type { Config } from '../device/properties.js';
import { loadedFromCache } from '../runtime/cache.js';

/** What is said beside what the device says. */
export interface PassThroughOptions {
  /** Text of the device that runs everything. */
  readonly device: string;
  /** The meta-device's own properties. */
  readonly properties: Config;
  /** Told before the device's own summary. */
  readonly decided: Explanation['summary'];
  readonly save: NonNullable<DeviceModel['save']>;
  readonly released?: (() => void) | undefined;
}

/** The inner model under a meta-device's name. */
export function passThrough(inner: DeviceModel, { device, properties, decided, save, released }: PassThroughOptions): DeviceModel {
  const { set } = inner;
  return {
    createRequest: () => inner.createRequest(),
    info: {
      get optimalRequests() {
        return inner.info.optimalRequests;
      },
      get executionDevices() {
        return inner.info.executionDevices;
      },
      get properties() {
        return { LOADED_FROM_CACHE: loadedFromCache(inner), ...properties, ...inner.info.properties };
      },
      passesTo: inner.info.passesTo ?? device,
    },
    save,
    ...(set && { set: (given: Config) => set.call(inner, given) }),
    explain(): Explanation {
      const { summary, ...others } = inner.explain?.() ?? { summary: {}, rows: [] };
      const { device: _device, ...below } = summary;
      return { ...others, summary: { ...decided, ...below } };
    },
    release() {
      inner.release();
      released?.();
    },
  };
}
