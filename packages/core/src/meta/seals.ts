/** @file What a blob of a meta-device is held against where it is read: devices, versions, properties; and a model as part of a blob. */
import type { Awaitable, DeviceHost } from '../device/contract.js';
import type { Config, PropertyValue } from '../device/properties.js';
import { CuveeError } from '../errors.js';
import { writeIr } from '../ir-xml/index.js';
import type { Model } from '../ir/model.js';
import { after, all } from '../runtime/awaitable.js';
import { apart } from '../runtime/cache.js';
import { joinBytes } from '../runtime/frames.js';

/** A device as it was when it compiled. */
export interface Seal {
  readonly device: string;
  readonly version: string;
  readonly fullName: string;
}

/** The devices as they are here, each once. */
export function sealsOf(devices: readonly string[], host: DeviceHost): Awaitable<readonly Seal[]> {
  const once = [...new Set(devices)];
  return all(once.map((device) => after(host.describe(device), ({ version, fullName }): Seal => ({ device, version, fullName }))));
}

/** Whether a value out of a blob is a list of seals. */
export const areSeals = (value: unknown): value is readonly Seal[] =>
  Array.isArray(value) &&
  value.every((s: Partial<Seal> | undefined) => [s?.device, s?.version, s?.fullName].every((text) => typeof text === 'string'));

/** Plugins whose version is another than when they wrote. `wrote`: whether a device wrote what it compiled; others compile anew. */
export const versionsThatDiffer = (was: readonly Seal[], here: readonly Seal[], wrote: (device: string) => boolean): readonly string[] =>
  was.flatMap((seal) => {
    const own = here.find((s) => s.device === seal.device);
    return own && wrote(seal.device) && own.version !== seal.version
      ? [`${seal.device} had version ${seal.version}, here it is ${own.version}`]
      : [];
  });

/** Properties that say nothing of what was compiled, or only for whom. */
const unsealed = new Set([...apart, 'MULTI_DEVICE_PRIORITIES', 'DEVICE_PROPERTIES', 'DEVICE_ID']);

/** Those of a configuration that a blob keeps, as plain data. */
export const sealedProperties = (config: Config): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(config).filter(([name, value]) => !unsealed.has(name) && JSON.stringify(value) !== undefined));

/** Properties that are given now with other values than those that a blob was compiled with. */
export const propertiesThatDiffer = (was: Readonly<Record<string, unknown>>, config: Config): readonly string[] => {
  const text = (value: unknown): string => JSON.stringify(value) ?? 'not set';
  return Object.entries(config).flatMap(([name, is]: [string, PropertyValue | undefined]) =>
    unsealed.has(name) || is === undefined || text(was[name]) === text(is)
      ? []
      : [`${name} was ${text(was[name])}, here it is ${text(is)}`],
  );
};

/** Throws MODEL_INVALID that tells every difference, where there is one. */
export function refuseDifferences(differences: readonly string[]): void {
  if (differences.length > 0)
    throw new CuveeError('MODEL_INVALID', `the compiled model does not suit: ${differences.join('; ')}; compile it again from the model`);
}

/** A model as bytes: IR text and weights. */
export interface ModelBlob {
  readonly xml: Uint8Array;
  readonly weights: Uint8Array;
}

/** For a device that cannot write: the model is compiled again where it is read. Throws NOT_IMPLEMENTED for operations of extensions. */
export function modelBlob(model: Model): ModelBlob {
  const custom = model.nodes().find((n) => n.op.domain !== undefined);
  if (custom)
    throw new CuveeError(
      'NOT_IMPLEMENTED',
      `${custom.op.name} "${custom.name}" is an operation of an extension, which only its device could write`,
      { op: custom.op.name, node: custom.name },
    );
  const { xml, weights } = writeIr(model);
  return { xml: new TextEncoder().encode(xml), weights: joinBytes(weights) };
}
