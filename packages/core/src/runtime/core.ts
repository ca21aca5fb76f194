/** @file `Core`: reads models, finds devices, compiles. */
import { checkSettings, isSettings, isText, noArguments, wrongCall, wrongSignature } from '../calls.js';
import { checkCompile, checkImport, checkRead, isPath } from './core-calls.js';
import { CuveeError } from '../errors.js';
import { cloneModel, Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { portsOf } from '../ir/ports.js';
import { decompose, decomposing } from '../passes/decompose.js';
import type {
  AbsentDevice,
  Awaitable,
  CompileOptions,
  DeviceCosts,
  DeviceHost,
  DeviceInfo,
  DeviceModel,
  DevicePlugin,
  DeviceReport,
  LoadedModel,
  Support,
} from '../device/contract.js';
import { checkConfig, type Config, type PropertyTable, type PropertyValue } from '../device/properties.js';
import { ir } from '../ir-xml/index.js';
import { describe } from '../shape/index.js';
import { after, all, attempt, now } from './awaitable.js';
import { CacheEntry } from './cache.js';
import { CompiledModel } from './compiled-model.js';
import { parseDevice, printDevice, type DeviceName } from './device-name.js';
import { resolveDevice, type Resolved } from './resolve.js';
import { rankOf, watched } from './events.js';
import { loadOf, type Load } from './load.js';
import { readFile, toPath } from './files.js';
import type { Frontend } from './frontend.js';
import type { OperationExtension } from './extension.js';
import { Registry } from './registry.js';
import { Settings, tableOf } from './settings.js';
import {
  bytesOf,
  fromFile,
  gather,
  isBytes,
  isStream,
  nameOf,
  sourceOf,
  type ByteStream,
  type ModelInput,
  type WeightsInput,
} from './source.js';
import { atOnce, paced } from './steps.js';
import { worked, workOn } from './work.js';
import { Tensor } from '../tensor/tensor.js';

/** Explicit plugins and frontends; without any, installed packages are discovered. */
export interface CoreOptions {
  readonly plugins?: readonly DevicePlugin[];
  readonly frontends?: readonly Frontend[];
}

export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface CompileWork extends WorkOptions {
  /** Told when a stage begins: `read` (paths only), `prepare` (copy, decomposition), `compile` (the device), and `done`. */
  readonly onProgress?: ((progress: { readonly stage: 'read' | 'prepare' | 'compile' | 'done' }) => void) | undefined;
}

/** What work inside is asked for with: `paced` where the caller waits for a promise. */
interface Work extends CompileWork {
  readonly paced?: boolean | number | undefined;
  /** Meta-devices that ask for it, outermost first. */
  readonly within?: readonly string[] | undefined;
}

/** Property names to values, as users write them. */
export type ConfigInput = Readonly<Record<string, unknown>>;
/** A device's plugin: `toString()` gives both on one line. */
export interface PluginVersion {
  readonly buildNumber: string;
  readonly description: string;
}
/** The door to everything: `new Core().readModel(path)`, `compileModel(model, 'AUTO')`. */
export class Core {
  readonly #registry: Registry;
  readonly #settings = new Settings();

  constructor(options: CoreOptions = {}) {
    this.#registry = new Registry(options);
  }

  /** What core offers to a device; `within`: the meta-devices around it, which it must not ask for again. */
  #host(within: readonly string[]): DeviceHost {
    return {
      availableDevices: () => this.#available(),
      query: (model, device, config) => this.#query(model, device, config, within),
      compile: (model, device, config, work) => this.#compile(model, device, config, { ...work, within }),
      importModel: (blob, device, config, work) => this.#load(blob, 'bytes', device, config, { ...work, within }),
      properties: (device) => this.propertyTable(device),
      costs: (device): DeviceCosts | undefined => this.#registry.plugin(parseDevice(device).name).costs?.(),
      cached: (model, device, config) => this.#cached(model, device, config, within),
      describe: (device) => this.#describe(device),
      load: (device) => loadOf(device).share,
    };
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
      () => this.#readWith(model, weights, pace),
    );
  }

  /** Those that could know the format, core's own first: others are loaded when it is their turn. */
  *#frontends(path: string | undefined): Iterable<Frontend> {
    yield ir();
    yield* this.#registry.frontends(path);
  }

  #readWith(model: ModelInput, weights: WeightsInput | undefined, pace: WorkOptions | undefined): Awaitable<Model> {
    const source = { ...sourceOf(model, weights), extensions: this.#registry.extensions };
    const name = source.path ?? 'the model given as bytes';
    for (const frontend of this.#frontends(source.path)) {
      if (!frontend.accepts(source.bytes.subarray(0, 4096), source.path)) continue;
      return attempt(
        () => (pace && frontend.reading ? paced(frontend.reading(source), pace.signal) : frontend.read(source)),
        (read) => {
          read.path = source.path;
          worked(workOn(frontend.name, read));
          return read;
        },
        (error) => {
          if (pace?.signal?.aborted) throw error;
          throw CuveeError.wrap(`reading ${JSON.stringify(name)}`, fromFile(error), 'MODEL_INVALID');
        },
      );
    }
    throw new CuveeError('MODEL_INVALID', `reading ${JSON.stringify(name)}: no frontend knows this format`);
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
      return this.#import(bytes, device, config, options);
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
    return [...now('getAvailableDevices', this.#available())];
  }

  /** Every device of every plugin, absent ones with the reason. */
  devices(): Awaitable<readonly DeviceReport[]> {
    return after(all(this.#registry.deviceNames.map((name) => this.#report(name))), (reports) => reports.flat());
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
    const support = now('queryModel', this.#query(model, device, config));
    return Object.fromEntries(
      [...support].filter(([, answer]) => answer === true).map(([node]) => [node.name, printDevice(parseDevice(device))]),
    );
  }

  /** For each node of the model: true, or the reason why not. */
  explainSupport(model: Model, device: string, config: ConfigInput = {}): Awaitable<Support> {
    return this.#query(model, device, config);
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
    if (device === undefined) return this.#settings.setForAll(properties, this.#tables());
    const { name } = parseDevice(device);
    this.#settings.setForDevice(name, tableOf(this.#registry.plugin(name)), properties);
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
    return after(model instanceof Model ? model : this.#read(model, undefined, options.paced ? options : undefined), (read) => {
      const ports = portsOf(read); // as they are now: the caller may change its model
      return after(this.#compile(read, device, config, options), (compiled) => {
        onProgress?.({ stage: 'done' });
        const table = this.propertyTable(device);
        const level = config.LOG_LEVEL ?? this.#settings.of(parseDevice(device).name, table).LOG_LEVEL;
        return new CompiledModel(ports, device, compiled, table, level, this.#counted(device, compiled));
      });
    });
  }

  /** Whose load a compiled model's inferences are; those of meta-devices count for the devices below, which count themselves. */
  #counted(text: string, { info }: DeviceModel): Load | undefined {
    const { name } = parseDevice(text);
    const device = this.#registry.plugin(name).meta ? info.passesTo : text;
    return device === undefined ? undefined : loadOf(device);
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

  /** Names of the devices that are present; meta-devices are not among them. */
  #available(): Awaitable<readonly string[]> {
    const names = this.#registry.hardware;
    return after(all(names.map((n) => this.#report(n))), (reports) =>
      reports
        .flat()
        .filter((r) => r.absent === undefined)
        .map((r) => r.name),
    );
  }

  #resolve(text: string, settings: ConfigInput, within?: readonly string[]): Awaitable<Resolved> {
    return resolveDevice(text, settings, { registry: this.#registry, settings: this.#settings, within });
  }

  #query(model: Model, text: string, settings: ConfigInput, around?: readonly string[]): Awaitable<Support> {
    return after(this.#resolve(text, settings, around), ({ plugin, config, within }) => {
      const { model: copy } = cloneModel(model);
      decompose(copy, (node) => plugin.keeps?.(node) ?? false);
      return after(plugin.query(copy, config, { host: this.#host(within) }), (support) => originalSupport(model, copy, support));
    });
  }

  #import(
    blob: Uint8Array | Tensor | string | URL,
    text: string,
    settings: ConfigInput,
    { signal }: WorkOptions,
  ): Awaitable<CompiledModel> {
    const bytes = isBytes(blob) ? blob : blob instanceof Tensor ? bytesOf(blob) : readFile(toPath(blob));
    const model = isPath(blob) ? nameOf(blob as string) : 'bytes';
    return after(this.#load(bytes, model, text, settings, { signal }), ({ ports, compiled }) => {
      const table = this.propertyTable(text);
      const level = settings.LOG_LEVEL ?? this.#settings.of(parseDevice(text).name, table).LOG_LEVEL;
      return new CompiledModel(ports, text, compiled, table, level, this.#counted(text, compiled));
    });
  }

  /** What a device makes of a blob that it wrote; `model` is what the blob is called in messages. */
  #load(blob: Uint8Array, model: string, text: string, settings: ConfigInput, work: Work): Awaitable<LoadedModel> {
    return after(this.#resolve(text, settings, work.within), ({ plugin, config, within }) => {
      const { load } = plugin;
      if (!load) throw new CuveeError('NOT_IMPLEMENTED', `device ${text} does not import compiled models; compile the model again`);
      const about = () => ({ model, device: text, details: { bytes: blob.length } });
      return watched('import', rankOf(config.LOG_LEVEL), about, () =>
        attempt(
          () => load.call(plugin, blob, config, { signal: work.signal, paced: work.paced, host: this.#host(within) }),
          (loaded) => loaded,
          (error) => {
            throw CuveeError.wrap(`importing a compiled model for ${text}`, error, 'MODEL_INVALID');
          },
        ),
      );
    });
  }

  /** Whether all that keeps a device from running a model are operations of extensions, and another device evaluates those. */
  #wantsHelp(copy: Model, plugin: DevicePlugin, config: Config): Awaitable<boolean> {
    const there = ['HETERO', helper].every((name) => this.#registry.deviceNames.includes(name));
    if (plugin.meta || plugin.name === helper || !there) return false;
    return after(plugin.query(copy, config, { host: this.#host([]) }), (support) => {
      const refused = copy.nodes().filter((n) => support.get(n) !== true);
      return refused.length > 0 && refused.every((n) => isExtension(n) && n.op.evaluate !== undefined);
    });
  }

  #compile(model: Model, text: string, settings: ConfigInput, work: Work): Awaitable<DeviceModel> {
    // At once: the caller may change its model while this works on the copy.
    const { model: copy } = cloneModel(model);
    return after(this.#resolve(text, settings, work.within), ({ plugin, config, within }) =>
      watched(
        'compile',
        rankOf(config.LOG_LEVEL),
        () => ({ model: model.friendlyName, device: text }),
        () => this.#compileOn(plugin, config, copy, text, settings, { ...work, within }),
      ),
    );
  }

  /** The entry of a cache for the model, where there is one, and the model that it holds. */
  #kept(
    plugin: DevicePlugin,
    config: Config,
    model: Model,
    options: CompileOptions,
  ): { entry?: CacheEntry | undefined; kept?: DeviceModel | undefined } {
    if (!plugin.load || !config.CACHE_DIR) return {};
    const entry = new CacheEntry(String(config.CACHE_DIR), model, plugin, config);
    const load = (blob: Uint8Array): Awaitable<LoadedModel> => plugin.load?.(blob, config, options) as Awaitable<LoadedModel>;
    return { entry, kept: entry.take((blob) => now('CACHE_DIR', load(blob)).compiled) };
  }

  #cached(model: Model, text: string, settings: ConfigInput, around: readonly string[]): Awaitable<DeviceModel | undefined> {
    return after(
      this.#resolve(text, settings, around),
      ({ plugin, config, within }) => this.#kept(plugin, config, model, { host: this.#host(within) }).kept,
    );
  }

  /** The device of a text, where it says one; of a meta-device the plugin. */
  #describe(text: string): Awaitable<DeviceReport> {
    const device = parseDevice(text);
    this.#registry.plugin(device.name);
    return after(this.#report(device.name), (reports) => {
      const wanted = device.id === '' ? device.name : `${device.name}.${device.id}`;
      const found = reports.find((r) => r.name === wanted) ?? (device.id === '' || reports.length === 1 ? reports[0] : undefined);
      if (found) return found;
      throw new CuveeError(
        'DEVICE_NOT_FOUND',
        `there is no device ${wanted}; there are ${reports.map((r) => r.name).join(', ') || 'none'}`,
      );
    });
  }

  #compileOn(
    plugin: DevicePlugin,
    config: Config,
    model: Model,
    text: string,
    settings: ConfigInput,
    { signal, onProgress, paced: pace, within = [] }: Work,
  ): Awaitable<DeviceModel> {
    const options = { signal, paced: pace, host: this.#host(within) };
    return attempt(
      () => {
        onProgress?.({ stage: 'prepare' });
        refuseImpossible(model);
        const { entry, kept } = this.#kept(plugin, config, model, options);
        if (kept) return kept;
        const work = workOn(plugin.name, model);
        const whole = model.nodes().some(isExtension) ? cloneModel(model).model : undefined;
        const steps = decomposing(model, (node) => plugin.keeps?.(node) ?? false);
        const helped = after(
          pace ? paced(steps, signal, pace) : atOnce(steps),
          () => whole !== undefined && this.#wantsHelp(model, plugin, config),
        );
        return after(helped, (help) => {
          const own = Object.keys(settings).length > 0 ? { DEVICE_PROPERTIES: { [text]: settings } } : {};
          if (help && whole)
            return this.#compile(whole, `HETERO:${text},${helper}`, own as ConfigInput, {
              signal,
              onProgress,
              paced: pace,
              within: within.filter((name) => name !== 'HETERO'), // its parts are ones that the device runs
            });
          onProgress?.({ stage: 'compile' });
          return after(plugin.compile(model, config, options), (made) => {
            worked(work);
            const parts = entry && made.save?.();
            if (entry && parts && Symbol.iterator in parts) entry.keep(parts);
            return made;
          });
        });
      },
      (compiled) => compiled,
      (error) => {
        throw signal?.aborted ? signal.reason : CuveeError.wrap(`compiling "${model.friendlyName}" for ${text}`, error);
      },
    );
  }
}

/** The device that evaluates the rooms themselves. */
const helper = 'REFERENCE';

noArguments(Core, ['getAvailableDevices', 'getAvailableFrontEnds']);

const isExtension = (node: Node): boolean => node.op.domain !== undefined;

/** A model whose sizes can never fit together is refused before any device sees it. */
function refuseImpossible(model: Model): void {
  const [refusal] = model.scope.refusals;
  if (!refusal) return;
  const what = refusal.dims.reduce<string>((text, d, i) => text.replace(`{${i}}`, describe(d)), refusal.what);
  throw new CuveeError('SHAPE_MISMATCH', `"${refusal.node}": ${what}`, { node: refusal.node });
}

/** An original node is supported when all nodes that it became are. */
function originalSupport(model: Model, copy: Model, support: Support): Support {
  const byOrigin = new Map<string, true | string>();
  for (const node of copy.nodes()) {
    const answer = support.get(node) ?? 'the device did not answer';
    for (const origin of node.origin) if (byOrigin.get(origin) === undefined || answer !== true) byOrigin.set(origin, answer);
  }
  // a node that is still there answers for itself; one that became others, for all that share its origin
  const same = new Map(copy.nodes().map((node) => [node.id, node]));
  return new Map(
    model.nodes().map((node) => {
      const left = same.get(node.id);
      if (left) return [node, support.get(left) ?? 'the device did not answer'];
      const answers = [node.name, ...node.origin].map((origin) => byOrigin.get(origin));
      return [node, answers.find((answer) => answer !== undefined && answer !== true) ?? true];
    }),
  );
}

/** Not enumerable, so that versions compare and print as their fields. */
function versionOf(name: string, plugin: DevicePlugin): PluginVersion {
  const version = { buildNumber: plugin.version, description: `Cuvée device ${name}` };
  return Object.defineProperty(version, 'toString', { value: () => `${version.description} ${version.buildNumber}` });
}
