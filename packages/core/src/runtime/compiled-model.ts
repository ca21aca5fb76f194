/// <reference lib="esnext.disposable" preserve="true" />
/** @file A model compiled for a device, as users see it. */
import { isSettings, isText, noArguments, printedAs, wrongCall, wrongSignature } from '../calls.js';
import { CuveeError } from '../errors.js';
import type { DeviceModel, Explanation } from '../device/contract.js';
import { checkConfig, nearest, type PropertyTable, type PropertyValue } from '../device/properties.js';
import type { Model } from '../ir/model.js';
import type { Value } from '../ir/node.js';
import { portsOf } from '../ir/ports.js';
import { now } from './awaitable.js';
import { loadedFromCache } from './cache.js';
import { logLevels, rankOf, watched } from './events.js';
import { asBuffer } from './files.js';
import { InferRequest } from './infer-request.js';
import type { Load } from './load.js';

/** Compiled once, used by any number of requests at the same time. */
export class CompiledModel {
  /** Device text that it was compiled for. */
  readonly device: string;
  /** Ports alone: the graph and its constants are the device's. */
  readonly #model: Model;
  readonly #compiled: DeviceModel;
  readonly #table: PropertyTable;
  /** Rank of LOG_LEVEL. @internal */
  logRank = 0;
  /** What counts its inferences as a device's load. @internal */
  readonly load: Load | undefined;
  /** What `setProperty` changed. */
  readonly #changed: Record<string, PropertyValue> = {};
  #released = false;

  /** Made by `Core`. `table`: the device's properties; `level`: the LOG_LEVEL in force. */
  constructor(model: Model, device: string, compiled: DeviceModel, table: PropertyTable = {}, level: unknown = 'LOG_NONE', load?: Load) {
    this.#model = portsOf(model);
    this.device = device;
    this.#compiled = compiled;
    this.#table = table;
    this.logRank = rankOf(level);
    this.load = load;
    leftovers?.register(this, compiled, this);
  }

  /** Inputs in the model's order. */
  get inputs(): readonly Value[] {
    return this.#model.inputs;
  }
  /** Outputs in the model's order. */
  get outputs(): readonly Value[] {
    return this.#model.outputs;
  }
  /** By index or any tensor name; without an argument, the only one. Throws ARGUMENT_INVALID. */
  input(which?: number | string): Value;
  input(...given: [number?]): Value {
    return portOf('input', given, () => this.#model.input(...given));
  }
  /** An output by index or name; the only one without either. Throws ARGUMENT_INVALID. */
  output(which?: number | string): Value;
  output(...given: [number?]): Value {
    return portOf('output', given, () => this.#model.output(...given));
  }

  /** A request, which runs one inference at a time; several run in parallel. */
  createInferRequest(): InferRequest {
    this.check();
    return new InferRequest(this, this.#model, this.#compiled.createRequest());
  }

  /** The device whose requests a meta-device hands out as its own. @internal */
  get passesTo(): string | undefined {
    return this.#compiled.info.passesTo;
  }
  /** Devices that inference runs on. */
  get executionDevices(): readonly string[] {
    return this.#compiled.info.executionDevices;
  }

  /** Properties in force. Throws PROPERTY_UNKNOWN. */
  getProperty(name: string): PropertyValue;
  getProperty(...given: unknown[]): PropertyValue {
    const [name] = given;
    if (given.length !== 1 || !isText(name)) throw wrongSignature('getProperty', given, ['string']);
    const known = this.#properties();
    if (name === 'SUPPORTED_PROPERTIES') return ['SUPPORTED_PROPERTIES', ...Object.keys(known)];
    const value = Object.hasOwn(known, name) ? known[name] : undefined;
    if (value === undefined) throw this.#unknown(name, known);
    return value;
  }

  /**
   * Changes properties that may change after compilation: those that the device's table calls `live`.
   * Throws PROPERTY_UNKNOWN, or PROPERTY_INVALID for one that is fixed or a value that does not suit.
   */
  setProperty(properties: Readonly<Record<string, unknown>>): void;
  setProperty(...given: unknown[]): void {
    const [properties] = given;
    if (given.length !== 1 || !isSettings(properties)) throw wrongSignature('setProperty', given, ['object']);
    const known = this.#properties();
    for (const name of Object.keys(properties)) {
      if (!Object.hasOwn(known, name) && !Object.hasOwn(this.#table, name)) throw this.#unknown(name, known);
      if (!this.#table[name]?.live)
        throw new CuveeError('PROPERTY_INVALID', `property "${name}" is read-only once a model is compiled; give it to compileModel`);
    }
    const checked = checkConfig(this.device, this.#table, properties);
    this.#compiled.set?.(checked);
    Object.assign(this.#changed, checked);
    if (checked.LOG_LEVEL !== undefined) this.logRank = rankOf(checked.LOG_LEVEL);
  }

  #properties(): Record<string, PropertyValue> {
    const { info } = this.#compiled;
    return {
      NETWORK_NAME: this.#model.friendlyName,
      OPTIMAL_NUMBER_OF_INFER_REQUESTS: info.optimalRequests,
      EXECUTION_DEVICES: info.executionDevices,
      LOADED_FROM_CACHE: loadedFromCache(this.#compiled),
      ...(info.properties as Record<string, PropertyValue>),
      ...this.#changed,
      LOG_LEVEL: logLevels[this.logRank] as string,
    };
  }
  #unknown(name: string, known: Readonly<Record<string, unknown>>): CuveeError {
    return new CuveeError(
      'PROPERTY_UNKNOWN',
      `a model compiled for ${this.device} has no property "${name}"${nearest(name, Object.keys(known))}`,
    );
  }

  /** Inputs, outputs and names of what runs; the device's own steps are in `explain()`. */
  getRuntimeModel(): Model {
    this.check();
    return this.#model;
  }

  /** What the device did with the model. */
  explain(): Explanation {
    this.check();
    return this.#compiled.explain?.() ?? { summary: { device: this.device }, rows: [] };
  }

  /** The compiled form, for `importModel`: a Buffer in Node. Throws NOT_IMPLEMENTED when the device cannot. */
  async exportModel(): Promise<Uint8Array> {
    return watched('export', this.logRank, this.#about, async () => {
      const parts: Uint8Array[] = [];
      for await (const part of this.#parts()) parts.push(part);
      return asBuffer(parts);
    });
  }

  /** The same at once. Throws NOT_IMPLEMENTED, or SYNC_UNAVAILABLE for devices that export piece by piece as pieces come. */
  exportModelSync(): Uint8Array {
    const write = (): Uint8Array => {
      const parts = this.#parts();
      if (!(Symbol.iterator in parts))
        throw new CuveeError('SYNC_UNAVAILABLE', `exportModelSync: device ${this.device} exports asynchronously; use exportModel`);
      return asBuffer([...parts]);
    };
    return now('exportModelSync', watched('export', this.logRank, this.#about, write));
  }

  readonly #about = (): { model: string; device: string } => ({ model: this.#model.friendlyName, device: this.device });

  #parts(): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
    this.check();
    if (!this.#compiled.save) throw new CuveeError('NOT_IMPLEMENTED', `device ${this.device} does not export compiled models`);
    return this.#compiled.save();
  }

  /** Frees native memory at once; requests made from it fail from now on. Safe to call twice. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    leftovers?.unregister(this);
    this.#compiled.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** Throws ARGUMENT_INVALID once the model was released. @internal */
  check(): void {
    if (this.#released) throw new CuveeError('ARGUMENT_INVALID', `the model compiled for ${this.device} was released`);
  }
}
printedAs(CompiledModel, (m) => `CompiledModel ${JSON.stringify(m.getProperty('NETWORK_NAME'))} for ${m.device}`);
noArguments(CompiledModel, ['createInferRequest', 'exportModelSync', 'exportModel', 'getRuntimeModel']);

function portOf(what: string, given: readonly unknown[], find: () => Value): Value {
  if (given.length > 1) throw wrongCall(`Invalid number of arguments.${what}s`);
  if (given.length === 1 && !['number', 'string', 'undefined'].includes(typeof given[0]))
    throw wrongCall(`Error while getting compiled model ${what}s.`);
  return find();
}

/** Frees what nobody released. */
const leftovers =
  typeof FinalizationRegistry === 'undefined' ? undefined : new FinalizationRegistry<DeviceModel>((compiled) => compiled.release());
