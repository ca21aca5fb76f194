/** @file `Core`: reads models, finds devices, compiles. */
import { CuveeError } from '../errors.js';
import { cloneModel } from '../ir/clone.js';
import type { Model } from '../ir/model.js';
import { decompose } from '../passes/decompose.js';
import type {
  AbsentDevice,
  Awaitable,
  DeviceCosts,
  DeviceHost,
  DeviceInfo,
  DeviceModel,
  DevicePlugin,
  Support,
} from '../device/contract.js';
import { checkConfig, commonProperties, type Config, type PropertyTable, type PropertyValue } from '../device/properties.js';
import { ir } from '../ir-xml/index.js';
import { describe } from '../shape/index.js';
import { after, all, isPromise, now } from './awaitable.js';
import { CompiledModel } from './compiled-model.js';
import { parseDevice, printDevice, type DeviceName } from './device-name.js';
import { besideModel, exists, readFile, toPath } from './files.js';
import type { Frontend, ModelSource } from './frontend.js';
import { Registry } from './registry.js';
import { worked } from './work.js';
import type { WeightSource } from '../tensor/literal.js';
import { Tensor } from '../tensor/tensor.js';

/** Explicit plugins and frontends; without any, installed packages are discovered. */
export interface CoreOptions {
  readonly plugins?: readonly DevicePlugin[];
  readonly frontends?: readonly Frontend[];
}

export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
}

type Settings = Readonly<Record<string, unknown>>;
/** A device that is there, or that says why it is not. */
export interface DeviceReport {
  /** `CPU`, `GPU.1`. */
  readonly name: string;
  readonly fullName: string;
  readonly plugin: string;
  readonly version: string;
  readonly capabilities: readonly string[];
  readonly absent?: string;
}

/** The door to everything: `new Core().readModel(path)`, `compileModel(model, 'AUTO')`. */
export class Core {
  readonly #registry: Registry;
  readonly #settings = new Map<string, Record<string, PropertyValue>>();
  readonly #host: DeviceHost;

  constructor(options: CoreOptions = {}) {
    this.#registry = new Registry(options);
    this.#host = {
      availableDevices: () => this.#available(false),
      query: (model, device, config) => this.#query(model, device, config),
      compile: (model, device, config, work) => this.#compile(model, device, config, work ?? {}),
      properties: (device) => this.propertyTable(device),
      costs: (device): DeviceCosts | undefined => this.#registry.plugin(parseDevice(device).name).costs?.(),
    };
  }

  /**
   * Reads a model: a path or file: URL (weights beside it unless a path is given), XML text with a weights tensor, or bytes.
   * Throws FILE_NOT_FOUND, MODEL_INVALID, MODEL_UNSUPPORTED.
   */
  async readModel(model: string | URL | Uint8Array, weights?: string | URL | Uint8Array | Tensor): Promise<Model> {
    return this.readModelSync(model, weights);
  }

  readModelSync(model: string | URL | Uint8Array, weights?: string | URL | Uint8Array | Tensor): Model {
    const source = sourceOf(model, weights);
    const name = source.path ?? 'the model given as bytes';
    for (const frontend of [ir(), ...this.#registry.frontends(source.path)]) {
      if (!frontend.accepts(source.bytes.subarray(0, 4096), source.path)) continue;
      try {
        const read = frontend.read(source);
        read.path = source.path;
        worked(frontend.name, read);
        return read;
      } catch (error) {
        throw CuveeError.wrap(`reading ${JSON.stringify(name)}`, fromFile(error), 'MODEL_INVALID');
      }
    }
    throw new CuveeError('MODEL_INVALID', `reading ${JSON.stringify(name)}: no frontend knows this format`);
  }

  /** Compiles a model, or a model file, for a device. The model stays the caller's: the device gets a copy. */
  async compileModel(
    model: Model | string | URL,
    device = 'AUTO',
    config: Settings = {},
    options: WorkOptions = {},
  ): Promise<CompiledModel> {
    options.signal?.throwIfAborted();
    const read = this.#modelOf(model);
    return new CompiledModel(read, device, await this.#compile(read, device, config, options));
  }

  /** The same at once, for devices that can. Throws SYNC_UNAVAILABLE. */
  compileModelSync(model: Model | string | URL, device = 'AUTO', config: Settings = {}): CompiledModel {
    const read = this.#modelOf(model);
    return new CompiledModel(read, device, now('compileModelSync', this.#compile(read, device, config, {})));
  }

  /** A model that `exportModel` wrote, for the device that wrote it. Throws NOT_IMPLEMENTED when the device cannot, MODEL_INVALID. */
  async importModel(blob: Uint8Array | Tensor, device: string, config: Settings = {}, options: WorkOptions = {}): Promise<CompiledModel> {
    options.signal?.throwIfAborted();
    return this.#import(blob, device, config, options);
  }

  /** The same at once, for devices that can. Throws SYNC_UNAVAILABLE. */
  importModelSync(blob: Uint8Array | Tensor, device: string, config: Settings = {}): CompiledModel {
    return now('importModelSync', this.#import(blob, device, config, {}));
  }

  /** Names of the devices that are present; meta-devices are not listed. */
  getAvailableDevices(): string[] {
    return [...now('getAvailableDevices', this.#available(false))];
  }

  /** Every device of every plugin, absent ones with the reason. */
  devices(): Awaitable<readonly DeviceReport[]> {
    return after(all(this.#registry.deviceNames.map((name) => this.#report(name))), (reports) => reports.flat());
  }

  getVersions(device: string): Record<string, { buildNumber: string; description: string }> {
    const { name } = parseDevice(device);
    return { [name]: { buildNumber: this.#registry.plugin(name).version, description: `Cuvée device ${name}` } };
  }

  /** Friendly names of the nodes that the device can run, each with the device. */
  queryModel(model: Model, device: string, config: Settings = {}): Record<string, string> {
    const support = now('queryModel', this.#query(model, device, config));
    return Object.fromEntries(
      [...support].filter(([, answer]) => answer === true).map(([node]) => [node.name, printDevice(parseDevice(device))]),
    );
  }

  /** For each node of the model: true, or the reason why not. */
  explainSupport(model: Model, device: string, config: Settings = {}): Awaitable<Support> {
    return this.#query(model, device, config);
  }

  /** A property of a device. Throws PROPERTY_UNKNOWN. */
  getProperty(device: string, name: string): PropertyValue {
    const parsed = parseDevice(device);
    const plugin = this.#registry.plugin(parsed.name);
    const table = tableOf(plugin);
    if (name === 'SUPPORTED_PROPERTIES') return Object.keys(table);
    const present = (now('getProperty', plugin.devices()) as readonly (DeviceInfo | AbsentDevice)[]).filter(
      (d): d is DeviceInfo => !('absent' in d),
    );
    const chosen = present.find((d) => d.id === parsed.id) ?? present[0];
    if (name === 'AVAILABLE_DEVICES') return present.map((d) => d.id);
    if (name === 'FULL_DEVICE_NAME') return chosen?.fullName ?? '';
    if (name === 'OPTIMIZATION_CAPABILITIES') return chosen?.capabilities ?? [];
    checkConfig(
      parsed.name,
      { ...table, ...(table[name] && { [name]: { ...table[name], mutability: 'RW' } }) },
      table[name]?.default === undefined ? { [name]: '' } : { [name]: table[name]?.default },
    );
    return this.#settings.get(parsed.name)?.[name] ?? table[name]?.default ?? '';
  }

  /** Sets defaults for later compilations on a device. Throws PROPERTY_UNKNOWN, PROPERTY_INVALID. */
  setProperty(device: string, properties: Settings): void {
    const { name } = parseDevice(device);
    const checked = checkConfig(name, tableOf(this.#registry.plugin(name)), properties);
    this.#settings.set(name, { ...this.#settings.get(name), ...checked });
  }

  registerPlugin(plugin: DevicePlugin): void {
    this.#registry.add(plugin);
  }

  unloadPlugin(name: string): void {
    this.#registry.remove(name);
  }

  /** Every property of a device with type, mutability and the value in force. */
  propertyTable(device: string): PropertyTable {
    return tableOf(this.#registry.plugin(parseDevice(device).name));
  }

  #modelOf(model: Model | string | URL): Model {
    return typeof model === 'string' || model instanceof URL ? this.readModelSync(model) : model;
  }

  #report(name: string): Awaitable<readonly DeviceReport[]> {
    let plugin: DevicePlugin;
    try {
      plugin = this.#registry.plugin(name);
    } catch (error) {
      return [{ name, fullName: '', plugin: name, version: '', capabilities: [], absent: (error as Error).message }];
    }
    const base = { plugin: name, version: plugin.version };
    return after(plugin.devices(), (found) => {
      const present = found.filter((d) => !('absent' in d)).length;
      return found.map((d): DeviceReport => {
        const label = d.id !== '' && present > 1 ? `${name}.${d.id}` : name;
        return 'absent' in d
          ? { ...base, name: label, fullName: '', capabilities: [], absent: d.absent }
          : { ...base, name: label, fullName: d.fullName, capabilities: d.capabilities ?? [] };
      });
    });
  }

  #available(meta: boolean): Awaitable<readonly string[]> {
    const names = this.#registry.deviceNames.filter((n) => {
      try {
        return meta || !this.#registry.plugin(n).meta;
      } catch {
        return false;
      }
    });
    return after(all(names.map((n) => this.#report(n))), (reports) =>
      reports
        .flat()
        .filter((r) => r.absent === undefined)
        .map((r) => r.name),
    );
  }

  /** The plugin for a device text, its configuration checked, its device known to be there. */
  #resolve(text: string, settings: Settings): Awaitable<{ plugin: DevicePlugin; config: Config; device: DeviceName }> {
    const device = parseDevice(text);
    const plugin = this.#registry.plugin(device.name);
    const given = { ...this.#settings.get(device.name), ...settings };
    if (device.list && !plugin.meta) throw new CuveeError('ARGUMENT_INVALID', `device "${text}": ${device.name} takes no list of devices`);
    const config: Record<string, PropertyValue> = { ...checkConfig(device.name, tableOf(plugin), given) };
    if (device.list) config.MULTI_DEVICE_PRIORITIES = device.list.map((d) => printDevice(d, true)).join(',');
    if (device.count !== undefined) config.DEVICE_COUNT = device.count;
    if (device.id !== '') config.DEVICE_ID = device.id;
    return after(plugin.devices(), (found) => {
      const chosen = found.find((d) => d.id === device.id) ?? (device.id === '' ? found[0] : undefined);
      const ids = found.map((d) => d.id || "''").join(', ');
      if (!chosen)
        throw new CuveeError(
          'DEVICE_NOT_FOUND',
          `device "${text}": ${device.name} has no device with id "${device.id}"; it has ${ids || 'none'}`,
        );
      if ('absent' in chosen) throw new CuveeError('DEVICE_NOT_FOUND', `device "${text}" is not present: ${chosen.absent}`);
      return { plugin, config, device };
    });
  }

  #query(model: Model, text: string, settings: Settings): Awaitable<Support> {
    return after(this.#resolve(text, settings), ({ plugin, config }) => {
      const { model: copy } = cloneModel(model);
      decompose(copy, (node) => plugin.keeps?.(node) ?? false);
      return after(plugin.query(copy, config, { host: this.#host }), (support) => originalSupport(model, copy, support));
    });
  }

  #import(blob: Uint8Array | Tensor, text: string, settings: Settings, { signal }: WorkOptions): Awaitable<CompiledModel> {
    const bytes = blob instanceof Tensor ? viewBytes(blob.data as Uint8Array) : blob;
    if (!(bytes instanceof Uint8Array)) throw new CuveeError('ARGUMENT_INVALID', 'importModel takes the bytes that exportModel gave');
    return after(this.#resolve(text, settings), ({ plugin, config }) => {
      if (!plugin.load) throw new CuveeError('NOT_IMPLEMENTED', `device ${text} does not import compiled models; compile the model again`);
      return after(
        plugin.load(bytes, config, { signal, host: this.#host }),
        ({ ports, compiled }) => new CompiledModel(ports, text, compiled),
      );
    });
  }

  #compile(model: Model, text: string, settings: Settings, { signal }: WorkOptions): Awaitable<DeviceModel> {
    return after(this.#resolve(text, settings), ({ plugin, config }) => {
      const doing = `compiling "${model.friendlyName}" for ${text}`;
      try {
        const { model: copy } = cloneModel(model);
        refuseImpossible(copy);
        decompose(copy, (node) => plugin.keeps?.(node) ?? false);
        const compiled = plugin.compile(copy, config, { signal, host: this.#host });
        worked(plugin.name, model);
        return isPromise(compiled)
          ? compiled.catch((error: unknown) => {
              throw signal?.aborted ? signal.reason : CuveeError.wrap(doing, error);
            })
          : compiled;
      } catch (error) {
        throw CuveeError.wrap(doing, error);
      }
    });
  }
}

/** A model whose sizes can never fit together is refused before any device sees it. */
function refuseImpossible(model: Model): void {
  const [refusal] = model.scope.refusals;
  if (!refusal) return;
  const what = refusal.dims.reduce<string>((text, d, i) => text.replace(`{${i}}`, describe(d)), refusal.what);
  throw new CuveeError('SHAPE_MISMATCH', `"${refusal.node}": ${what}`, { node: refusal.node });
}

const tableOf = (plugin: DevicePlugin): PropertyTable => ({
  ...commonProperties,
  ...(plugin.meta && metaProperties),
  ...plugin.properties,
});

/** Properties of every meta-device. */
const metaProperties: PropertyTable = {
  MULTI_DEVICE_PRIORITIES: { type: 'text', mutability: 'RW', description: 'Devices to choose from, most wanted first', default: '' },
  DEVICE_PROPERTIES: { type: 'object', mutability: 'RW', description: 'Properties for inner devices, by device name', default: {} },
};

/** An original node is supported when all nodes that it became are. */
function originalSupport(model: Model, copy: Model, support: Support): Support {
  const byOrigin = new Map<string, true | string>();
  for (const node of copy.nodes()) {
    const answer = support.get(node) ?? 'the device did not answer';
    for (const origin of node.origin) if (byOrigin.get(origin) === undefined || answer !== true) byOrigin.set(origin, answer);
  }
  return new Map(model.nodes().map((node) => [node, byOrigin.get(node.name) ?? true]));
}

function sourceOf(model: string | URL | Uint8Array, weights: string | URL | Uint8Array | Tensor | undefined): ModelSource {
  const given = weightsOf(weights);
  if (model instanceof Uint8Array) return { bytes: model, ...(given && { weights: given }) };
  if (typeof model !== 'string' && !(model instanceof URL)) throw new CuveeError('ARGUMENT_INVALID', 'a model is a path, a URL or bytes');
  if (typeof model === 'string' && (weights instanceof Tensor || model.trimStart().startsWith('<')))
    return { bytes: new TextEncoder().encode(model), ...(given && { weights: given }) };
  const path = toPath(model);
  const bytes = readFile(path);
  const neighbour = path.replace(/\.xml$/i, '.bin');
  const found = given ?? (neighbour !== path && exists(neighbour) ? weightsFile(neighbour) : undefined);
  return { bytes, path, ...(found && { weights: found }), beside: besideModel(path) };
}

function weightsOf(weights: unknown): WeightSource | undefined {
  if (weights === undefined) return undefined;
  if (weights instanceof Tensor) return { kind: 'bytes', bytes: viewBytes(weights.data as Uint8Array) };
  if (weights instanceof Uint8Array) return { kind: 'bytes', bytes: weights };
  if (typeof weights === 'string' || weights instanceof URL) return weightsFile(toPath(weights));
  throw new CuveeError('ARGUMENT_INVALID', 'weights are a path, a URL, bytes or a tensor');
}

/** What is wrong in a file is the file's fault, not that of an argument. */
function fromFile(error: unknown): unknown {
  const ofArguments = error instanceof CuveeError && ['ARGUMENT_INVALID', 'SHAPE_MISMATCH', 'TYPE_MISMATCH'].includes(error.code);
  return ofArguments
    ? new CuveeError('MODEL_INVALID', error.message.slice(error.code.length + 3), { op: error.op, node: error.node, cause: error })
    : error;
}

const viewBytes = (view: Uint8Array): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** A weights file; an empty one belongs to a model without constants. */
function weightsFile(path: string): WeightSource {
  return { kind: 'bytes', bytes: readFile(path, true) };
}
