/** @file A model compiled for a device, as users see it. */
import { CuveeError } from '../errors.js';
import type { DeviceModel, Explanation } from '../device/contract.js';
import { nearest, type PropertyValue } from '../device/properties.js';
import type { Model } from '../ir/model.js';
import type { Value } from '../ir/node.js';
import { InferRequest } from './infer-request.js';

/** Compiled once, used by any number of requests at the same time. */
export class CompiledModel {
  /** Device text that it was compiled for. */
  readonly device: string;
  readonly #model: Model;
  readonly #compiled: DeviceModel;
  #released = false;

  constructor(model: Model, device: string, compiled: DeviceModel) {
    this.#model = model;
    this.device = device;
    this.#compiled = compiled;
    leftovers?.register(this, compiled, this);
  }

  get inputs(): readonly Value[] {
    return this.#model.inputs;
  }
  get outputs(): readonly Value[] {
    return this.#model.outputs;
  }
  /** By index or any tensor name. Throws ARGUMENT_INVALID. */
  input(which: number | string = 0): Value {
    return this.#model.input(which);
  }
  output(which: number | string = 0): Value {
    return this.#model.output(which);
  }

  createInferRequest(): InferRequest {
    this.#check();
    return new InferRequest(this, this.#model, this.#compiled.createRequest());
  }

  /** Devices that inference runs on. */
  get executionDevices(): readonly string[] {
    return this.#compiled.info.executionDevices;
  }

  /** Properties in force. Throws PROPERTY_UNKNOWN. */
  getProperty(name: string): PropertyValue {
    const { info } = this.#compiled;
    const known: Record<string, PropertyValue> = {
      NETWORK_NAME: this.#model.friendlyName,
      OPTIMAL_NUMBER_OF_INFER_REQUESTS: info.optimalRequests,
      EXECUTION_DEVICES: info.executionDevices,
      ...(info.properties as Record<string, PropertyValue>),
    };
    if (name === 'SUPPORTED_PROPERTIES') return ['SUPPORTED_PROPERTIES', ...Object.keys(known)];
    const value = Object.hasOwn(known, name) ? known[name] : undefined;
    if (value === undefined)
      throw new CuveeError(
        'PROPERTY_UNKNOWN',
        `a model compiled for ${this.device} has no property "${name}"${nearest(name, Object.keys(known))}`,
      );
    return value;
  }

  /** What the device did with the model. */
  explain(): Explanation {
    this.#check();
    return this.#compiled.explain?.() ?? { summary: { device: this.device }, rows: [] };
  }

  /** The compiled form, for `importModel`. Throws NOT_IMPLEMENTED when the device cannot. */
  async exportModel(): Promise<Uint8Array> {
    this.#check();
    const { save } = this.#compiled;
    if (!save) throw new CuveeError('NOT_IMPLEMENTED', `device ${this.device} does not export compiled models`);
    const parts: Uint8Array[] = [];
    for await (const part of save.call(this.#compiled)) parts.push(part);
    const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  /** The same at once. Throws NOT_IMPLEMENTED, or SYNC_UNAVAILABLE: devices export in pieces, as they come. */
  exportModelSync(): Uint8Array {
    this.#check();
    if (!this.#compiled.save) throw new CuveeError('NOT_IMPLEMENTED', `device ${this.device} does not export compiled models`);
    throw new CuveeError('SYNC_UNAVAILABLE', 'exportModelSync: devices export asynchronously; use exportModel');
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

  #check(): void {
    if (this.#released) throw new CuveeError('ARGUMENT_INVALID', `the model compiled for ${this.device} was released`);
  }
}

/** Frees what nobody released. */
const leftovers =
  typeof FinalizationRegistry === 'undefined' ? undefined : new FinalizationRegistry<DeviceModel>((compiled) => compiled.release());
