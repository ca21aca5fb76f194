/** @file `Core`: reads models, finds devices, compiles. */
import { checkSettings, isSettings, isText, noArguments, wrongCall, wrongSignature } from '../calls.js';
import { checkCompile, checkImport, checkRead, isPath } from './core-calls.js';
import { Model } from '../ir/model.js';
import { portsOf } from '../ir/ports.js';
import type { AbsentDevice, Awaitable, DeviceInfo, DeviceModel, DevicePlugin, DeviceReport, Support } from '../device/contract.js';
import { gathered } from '../device/meta.js';
import { checkConfig, type PropertyTable, type PropertyValue } from '../device/properties.js';
import { after, all, now } from './awaitable.js';
import { CompiledModel } from './compiled-model.js';
import { parseDevice, printDevice, type DeviceName } from './device-name.js';
import { Devices, type CompileWork, type ConfigInput, type Work, type WorkOptions } from './devices.js';
import { rankOf, watched } from './events.js';
import { loadOf, type Load } from './load.js';
import { readFile, toPath } from './files.js';
import type { Frontend } from './frontend.js';
import type { OperationExtension } from './extension.js';
import { readWith } from './reading.js';
import { Registry } from './registry.js';
import { availableDevices, reportsOf, versionOf, type PluginVersion } from './reports.js';
import { Settings, tableOf } from './settings.js';
import { bytesOf, gather, isBytes, isStream, nameOf, type ByteStream, type ModelInput, type WeightsInput } from './source.js';
import { Tensor } from '../tensor/tensor.js';

export type { CompileWork, ConfigInput, WorkOptions } from './devices.js';
export type { PluginVersion } from './reports.js';

/** Explicit plugins and frontends; without any, installed packages are discovered. */
export interface CoreOptions {
  readonly plugins?: readonly DevicePlugin[];
  readonly frontends?: readonly Frontend[];
}

/** The door to everything: `new Core().readModel(path)`, `compileModel(model, 'AUTO')`. */
export class Core {
  readonly #registry: Registry;
  readonly #settings = new Settings();
  readonly #devices: Devices;

  constructor(options: CoreOptions = {}) {
    this.#registry = new Registry(options);
    this.#devices = new Devices(this.#registry, this.#settings);
  }

  /**
   * Reads a model: a path or file: URL (weights beside it unless a path is given), XML text with a weights tensor, bytes, or a
   * Blob or stream of bytes. Rejects with FILE_NOT_FOUND, MODEL_INVALID, MODEL_UNSUPPORTED; throws at once for wrong arguments.
   */
  readModel(model: ModelInput | ByteStream, weights?: WeightsInput | ByteStream, options?: WorkOptions): Promise<Model>;
  readModel(...given: unknown[]): Promise<Model> {
    checkRead('readModel', given, true);
    const [model, weights, { signal }] = [given[0], given[1], (given[2] ?? {}) as WorkOptions];
    const read = async (): Promise<Model> => {
      signal?.throwIfAborted();
      const bytes = isStream(model) ? await gather(model, signal) : (model as ModelInput);
      const beside =
        isStream(weights) && !(weights instanceof Tensor) ? await gather(weights, signal) : (weights as WeightsInput | undefined);
      signal?.throwIfAborted();
      return this.#read(bytes, beside, { signal });
    };
    return read();
  }

  /** The same at once. */
  readModelSync(model: ModelInput, weights?: WeightsInput): Model;
  readModelSync(...given: unknown[]): Model {
    checkRead('readModelSync', given, false);
    return now('readModelSync', this.#read(given[0] as ModelInput, given[1] as WeightsInput | undefined));
  }

  /** With `pace` in steps, for those who wait for a promise. */
  #read(model: ModelInput, weights: WeightsInput | undefined, pace?: WorkOptions): Awaitable<Model> {
    const level = rankOf(this.#settings.common('LOG_LEVEL'));
    return watched(
      'read',
      level,
      () => ({ model: nameOf(model) }),
      () => readWith(this.#registry, model, weights, pace),
    );
  }

  /**
   * Compiles a model, or a model file, for a device. The model stays the caller's: the device gets a copy.
   * Throws at once for wrong arguments; failing work rejects.
   */
  compileModel(model: Model | string | URL, device: string, config?: ConfigInput, options?: CompileWork): Promise<CompiledModel>;
  compileModel(...given: unknown[]): Promise<CompiledModel> {
    checkCompile('compileModel', given, 4);
    const [model, device, config = {}, options = {}] = given as [Model | string | URL, string, ConfigInput?, CompileWork?];
    const compile = async (): Promise<CompiledModel> => {
      options.signal?.throwIfAborted();
      return this.#compiled(model, device, config, { ...options, paced: true });
    };
    return compile();
  }

  /** The same at once, for devices that can. Throws SYNC_UNAVAILABLE. */
  compileModelSync(model: Model | string | URL, device: string, config?: ConfigInput): CompiledModel;
  compileModelSync(...given: unknown[]): CompiledModel {
    checkCompile('compileModelSync', given, 3);
    const [model, device, config = {}] = given as [Model | string | URL, string, ConfigInput?];
    return now('compileModelSync', this.#compiled(model, device, config, {}), (late) => late.release());
  }

  /**
   * A model that `exportModel` wrote, for the device that wrote it: bytes, a u8 tensor, a path, or a stream of bytes.
   * Rejects with NOT_IMPLEMENTED when the device cannot, MODEL_INVALID for what is damaged or of another version.
   */
  importModel(
    blob: Uint8Array | Tensor | string | URL | ByteStream,
    device: string,
    config?: ConfigInput,
    options?: WorkOptions,
  ): Promise<CompiledModel>;
  importModel(...given: unknown[]): Promise<CompiledModel> {
    checkImport('importModel', given, true);
    const [blob, device, config = {}, options = {}] = given as [unknown, string, ConfigInput?, WorkOptions?];
    const load = async (): Promise<CompiledModel> => {
      options.signal?.throwIfAborted();
      const bytes = isStream(blob) && !(blob instanceof Tensor) ? await gather(blob, options.signal) : (blob as Uint8Array);
      return this.#import(bytes, device, config, { signal: options.signal, paced: true });
    };
    return load();
  }

  /** The same at once, for devices that can. Throws SYNC_UNAVAILABLE. */
  importModelSync(blob: Uint8Array | Tensor | string | URL, device: string, config?: ConfigInput): CompiledModel;
  importModelSync(...given: unknown[]): CompiledModel {
    checkImport('importModelSync', given, false);
    const [blob, device, config = {}] = given as [Uint8Array, string, ConfigInput?];
    return now('importModelSync', this.#import(blob, device, config, {}), (late) => late.release());
  }

  /** Names of the devices that are present; meta-devices are not listed. */
  getAvailableDevices(): string[] {
    return [...now('getAvailableDevices', availableDevices(this.#registry))];
  }

  /** Every device of every plugin, absent ones with the reason. */
  devices(): Awaitable<readonly DeviceReport[]> {
    return after(all(this.#registry.deviceNames.map((name) => reportsOf(this.#registry, name))), (reports) => reports.flat());
  }

  /** PluginVersion of the plugin of a device, and of each device in a meta-device's list. */
  getVersions(device: string): Record<string, PluginVersion>;
  getVersions(...given: unknown[]): Record<string, PluginVersion> {
    if (given.length !== 1) throw wrongCall('getVersions() method expects 1 argument of string type.');
    if (!isText(given[0])) throw wrongCall('The argument in getVersions() method must be a string or convertible to a string.');
    const names = new Set<string>();
    const visit = ({ name, list = [] }: DeviceName): void => {
      names.add(name);
      list.forEach(visit);
    };
    visit(parseDevice(given[0]));
    return Object.fromEntries([...names].map((n) => [n, versionOf(n, this.#registry.plugin(n))]));
  }

  /** Names of the model formats that can be read. */
  getAvailableFrontEnds(): string[] {
    return [...new Set(['ir', ...this.#registry.formats])];
  }

  /** Friendly names of the nodes that the device can run, each with the device. */
  queryModel(model: Model, device: string, config?: ConfigInput): Record<string, string>;
  queryModel(...given: unknown[]): Record<string, string> {
    const [model, device, config = {}] = given;
    if (given.length < 2 || given.length > 3 || !(model instanceof Model) || !isText(device) || !isSettings(config))
      throw wrongSignature('queryModel', given, ['Model, string', 'Model, string, object']);
    checkSettings(config);
    const support = now('queryModel', this.#devices.query(model, device, config));
    return Object.fromEntries(
      [...support].filter(([, answer]) => answer === true).map(([node]) => [node.name, printDevice(parseDevice(device))]),
    );
  }

  /** For each node of the model: true, or the reason why not. */
  explainSupport(model: Model, device: string, config: ConfigInput = {}): Awaitable<Support> {
    return this.#devices.query(model, device, config);
  }

  /** A property of a device, or with one argument of no device in particular. Throws PROPERTY_UNKNOWN. */
  getProperty(name: string): PropertyValue;
  getProperty(device: string, name: string): PropertyValue;
  getProperty(...given: unknown[]): PropertyValue {
    if (given.length < 1 || given.length > 2 || !given.every(isText)) throw wrongCall('Invalid arguments of get_property function');
    const [first, name] = given as [string, string?];
    if (name === undefined) return this.#settings.common(first);
    const parsed = parseDevice(first);
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
    if (!Object.hasOwn(table, name)) checkConfig(parsed.name, table, { [name]: '' }); // throws PROPERTY_UNKNOWN
    return this.#settings.of(parsed.name, table)[name] ?? table[name]?.default ?? '';
  }

  /**
   * Sets defaults for later compilations on a device, or with one argument on every device that knows the property.
   * Throws PROPERTY_UNKNOWN, PROPERTY_INVALID.
   */
  setProperty(properties: ConfigInput): void;
  setProperty(device: string, properties: ConfigInput): void;
  setProperty(...given: unknown[]): void {
    const device = isText(given[0]) ? given[0] : undefined;
    const properties = given[device === undefined ? 0 : 1];
    if (given.length > (device === undefined ? 1 : 2)) throw wrongCall('setProperty applies 1 or 2 arguments only');
    if (!isSettings(properties)) throw wrongCall('Properties parameter must be an object');
    checkSettings(properties);
    const name = device === undefined ? undefined : parseDevice(device).name;
    const plugin = name === undefined ? undefined : this.#registry.plugin(name);
    const own = !plugin || plugin.meta ? gathered(properties) : properties;
    for (const [key, inner] of Object.entries((own.DEVICE_PROPERTIES ?? {}) as Readonly<Record<string, ConfigInput>>))
      checkConfig(key, tableOf(this.#registry.plugin(parseDevice(key).name)), gathered(inner));
    if (plugin) this.#settings.setForDevice(plugin.name, tableOf(plugin), own);
    else this.#settings.setForAll(own, this.#tables());
  }

  /** Tables of the devices that can be loaded. */
  #tables(): readonly PropertyTable[] {
    return this.#registry.deviceNames.flatMap((name) => {
      try {
        return [tableOf(this.#registry.plugin(name))];
      } catch {
        return [];
      }
    });
  }

  /**
   * Adds a device plugin or a frontend: the object, or the path or name of a package or module whose default export it is.
   * Throws ARGUMENT_INVALID, PLUGIN_LOAD_FAILED.
   */
  addExtension(extension: string | DevicePlugin | Frontend | OperationExtension): void;
  addExtension(...given: unknown[]): void {
    const [extension] = given;
    if (given.length !== 1 || !(isText(extension) || (typeof extension === 'object' && extension !== null)))
      throw wrongCall('addExtension method applies one argument of string type, or a plugin or frontend');
    this.#registry.extend(extension);
  }

  /** Adds a device from now on. Throws ARGUMENT_INVALID for a name that is taken or malformed. */
  registerPlugin(plugin: DevicePlugin): void {
    this.#registry.add(plugin);
  }

  /** Forgets a device; models compiled for it go on. */
  unloadPlugin(name: string): void {
    this.#registry.remove(name);
  }

  /** Every property of a device with type, mutability and the value in force. */
  propertyTable(device: string): PropertyTable {
    return tableOf(this.#registry.plugin(parseDevice(device).name));
  }

  #compiled(model: Model | string | URL, device: string, config: ConfigInput, options: Work): Awaitable<CompiledModel> {
    const { onProgress } = options;
    if (!(model instanceof Model)) onProgress?.({ stage: 'read' });
    const given = model instanceof Model ? model : this.#readFor(model, device, config, options.paced ? options : undefined);
    return after(given, (read) => {
      // as they are now: the caller may change its model
      const ports = read.unread?.ports ?? portsOf(read);
      return after(this.#devices.compile(read, device, config, options), (compiled) => {
        onProgress?.({ stage: 'done' });
        const table = this.propertyTable(device);
        const level = config.LOG_LEVEL ?? this.#settings.of(parseDevice(device).name, table).LOG_LEVEL;
        return new CompiledModel(ports, device, compiled, table, level, this.#counted(device, compiled));
      });
    });
  }

  /** A file that is read to be compiled: where the device's cache knows it, nobody may ever look at its graph. */
  #readFor(file: string | URL, device: string, config: ConfigInput, pace?: WorkOptions): Awaitable<Model> {
    const level = rankOf(this.#settings.common('LOG_LEVEL'));
    return watched(
      'read',
      level,
      () => ({ model: nameOf(file as string) }),
      () => this.#devices.read(file, device, config, pace),
    );
  }

  /** Whose load a compiled model's inferences are; those of meta-devices count for the devices below, which count themselves. */
  #counted(text: string, { info }: DeviceModel): Load | undefined {
    const { name } = parseDevice(text);
    const device = this.#registry.plugin(name).meta ? info.passesTo : text;
    return device === undefined ? undefined : loadOf(device);
  }

  #import(blob: Uint8Array | Tensor | string | URL, text: string, settings: ConfigInput, work: Work): Awaitable<CompiledModel> {
    const bytes = isBytes(blob) ? blob : blob instanceof Tensor ? bytesOf(blob) : readFile(toPath(blob));
    const model = isPath(blob) ? nameOf(blob as string) : 'bytes';
    return after(this.#devices.load(bytes, model, text, settings, work), ({ ports, compiled }) => {
      const table = this.propertyTable(text);
      const level = settings.LOG_LEVEL ?? this.#settings.of(parseDevice(text).name, table).LOG_LEVEL;
      return new CompiledModel(ports, text, compiled, table, level, this.#counted(text, compiled));
    });
  }
}

noArguments(Core, ['getAvailableDevices', 'getAvailableFrontEnds']);
