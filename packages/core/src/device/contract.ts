/** @file THE CONTRACT: all that a device plugin implements, and all that core promises to it. */
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import type { OperationExtension } from '../runtime/extension.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Config, PropertyTable } from './properties.js';

/** A value now, or a promise of it. A plugin that answers at once also serves the synchronous API. */
export type Awaitable<T> = T | Promise<T>;

/** One device that a plugin found. `id` is '' for a plugin's only device; several are addressed as `NAME.id`. */
export interface DeviceInfo {
  readonly id: string;
  /** What people read. */
  readonly fullName: string;
  /** `FP32`, `INT8`, `EXPORT_IMPORT` … */
  readonly capabilities?: readonly string[];
}
/** A device that cannot be used here, with the reason and what would mend it. */
export interface AbsentDevice {
  readonly id: string;
  readonly absent: string;
}

/** For each node of the model asked about: `true`, or the reason why not. */
export type Support = ReadonlyMap<Node, true | string>;

/** What core tells a plugin beside the configuration. */
export interface CompileOptions {
  /** Aborts the compilation; reject with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The caller waits for a promise: long work should let the event loop breathe (`paced`). A number: nobody waits, and inferences may run
   * meanwhile; after so many milliseconds it leaves the processor to them. Else the caller wants its answer at once.
   */
  readonly paced?: boolean | number | undefined;
  /** The rest of the toolkit, for devices that compile on other devices. */
  readonly host: DeviceHost;
}

/** What core offers to meta-devices: other devices, by the same rules as users reach them. */
export interface DeviceHost {
  /** Names of all devices that are present, most capable first as AUTO would order them; meta-devices not among them. */
  availableDevices(): Awaitable<readonly string[]>;
  query(model: Model, device: string, config: Config): Awaitable<Support>;
  compile(model: Model, device: string, config: Config, options?: Pick<CompileOptions, 'signal' | 'paced'>): Awaitable<DeviceModel>;
  /** What the device's own `save` wrote. Rejects with NOT_IMPLEMENTED where it does not import, MODEL_INVALID for what it refuses. */
  importModel(blob: Uint8Array, device: string, config: Config, options?: Pick<CompileOptions, 'signal' | 'paced'>): Awaitable<LoadedModel>;
  /** Every property that the device knows. Throws DEVICE_NOT_FOUND. */
  properties(device: string): PropertyTable;
  /** What the device's plugin says of transfer and compute costs. */
  costs(device: string): Awaitable<DeviceCosts | undefined>;
  /** The model as the cache of `config.CACHE_DIR` holds it for the device; undefined when it does not. Nothing is compiled. */
  cached(model: Model, device: string, config: Config, options?: Pick<CompileOptions, 'paced'>): Awaitable<DeviceModel | undefined>;
  /** The device as it stands here; one that is absent says why. Throws DEVICE_NOT_FOUND when no plugin provides it. */
  describe(device: string): Awaitable<DeviceReport>;
  /** Share of the last second, 0 to 1, in which this process had an inference running on the device. */
  load(device: string): number;
}

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

/**
 * A device plugin. Required: name, version, properties, devices, query, compile.
 * Names are `[A-Z][A-Z0-9_]*`. Importing a plugin never throws: a missing driver is an AbsentDevice.
 */
export interface DevicePlugin {
  readonly name: string;
  readonly version: string;
  /** Every property with type, mutability and default; listing, checking and help derive from it. */
  readonly properties: PropertyTable;
  /** Absent ones say why. */
  devices(): Awaitable<readonly (DeviceInfo | AbsentDevice)[]>;
  /** Per node: supported, or the reason. The same predicate as `compile`; the model is as core decomposed it. */
  query(model: Model, config: Config, options: CompileOptions): Awaitable<Support>;
  /** Compiles for the device `config.DEVICE_ID`. Refuses with MODEL_UNSUPPORTED naming the nodes. Owns the model given: core hands over a copy. */
  compile(model: Model, config: Config, options: CompileOptions): Awaitable<DeviceModel>;
  /** Told of operations that users add, before a model that has them arrives. Default: they arrive as nodes with a `domain`. */
  extend?(extension: OperationExtension): void;
  /** True: this device wants the node whole. Default: every node that has a decomposition arrives decomposed. */
  keeps?(node: Node): boolean;
  /** The inverse of `DeviceModel.save`. Default: NOT_IMPLEMENTED. */
  load?(blob: Uint8Array, config: Config, options: CompileOptions): Awaitable<LoadedModel>;
  /** A digest of bytes one after the other, of 128 bits at least and such that nobody finds two with one digest: names of cache entries. Default: SHA-256. */
  digest?(parts: readonly Uint8Array[]): string;
  /** Begins the same digest beside the caller, who leaves the bytes alone until the function that comes back, called once, gives it. */
  digestLater?(parts: readonly Uint8Array[]): () => string;
  /** The same of the bytes of a file, where that is quicker than reading them; undefined when they do not come. Default: they are read. */
  digestFile?(path: string): string | undefined;
  /**
   * The bytes of a file in CACHE_DIR for `load`, which may stay where the system keeps them; undefined: to be read. Files there are replaced, never
   * written again. Default: read.
   */
  mapped?(path: string): Uint8Array | undefined;
  /** True: the devices below keep what they compile in CACHE_DIR; core keeps nothing for this one. Default: what `load` reads is kept. */
  readonly keptBelow?: boolean;
  /** Transfer and compute estimates for meta-devices. Default: unknown. */
  costs?(): DeviceCosts;
  /** Rows of a batch that bring the device much more than rows alone, for a model whose inputs have one row; 1: none do. Default: 1. */
  optimalBatch?(model: Model): number;
  /** A meta-device takes the part of the device text after its name (`GPU,CPU`); it arrives as MULTI_DEVICE_PRIORITIES. */
  readonly meta?: boolean;
}

/** Rough figures, for choosing between devices. */
export interface DeviceCosts {
  /** Host to device and back, bytes per second; Infinity when memory is shared. */
  readonly transferBytesPerSecond: number;
  /** Fixed cost of starting one inference, seconds. */
  readonly launchSeconds: number;
  /** Sustained f32 operations per second. */
  readonly flopsPerSecond: number;
  /** Fixed cost of each node, seconds. Default: 0. */
  readonly nodeSeconds?: number | undefined;
}

/** A model that was compiled before, with its ports: parameters and results are all that is asked of `ports`. */
export interface LoadedModel {
  readonly ports: Model;
  readonly compiled: DeviceModel;
}

/** A model compiled for a device. */
export interface DeviceModel {
  createRequest(): DeviceRequest;
  readonly info: ModelInfo;
  /** The compiled form in pieces, for caches and export. One that has them at once also serves `exportModelSync`. */
  save?(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Takes new values of the properties that the table calls `live`, checked. */
  set?(properties: Config): void;
  /** What became of the model: fusions, kernels, layouts, memory, or who got what. */
  explain?(): Explanation;
  /** Frees all that it holds; safe to call twice. Requests in flight finish first. */
  release(): void;
}

export interface ModelInfo {
  /** Requests that keep the device busy. */
  readonly optimalRequests: number;
  /** Where inference happens, `['CPU']`; meta-devices name the inner ones. */
  readonly executionDevices: readonly string[];
  /** The one device whose requests a meta-device hands out as its own: core counts its load by them. */
  readonly passesTo?: string | undefined;
  /** Properties as they are in force, for `CompiledModel.getProperty`. */
  readonly properties?: Readonly<Record<string, unknown>>;
}

export interface RunOptions {
  /** Stops between kernels; reject with `signal.reason`. The request stays usable. */
  readonly signal?: AbortSignal | undefined;
  /** Nobody waits for the result, as where a device is tried before it serves: all other work should go first. Default: somebody does. */
  readonly behind?: boolean | undefined;
}

/** One inference at a time. Core checks names, types, shapes and ranges before it calls, and never calls while a run is pending. */
export interface DeviceRequest {
  /**
   * Inputs and outputs in the model's order. A given output tensor is written in place when its type and shape fit; where it
   * is undefined the device gives a tensor that stays valid until the next run. Reject with DEVICE_LOST when the device is
   * gone: that code alone makes AUTO try elsewhere.
   */
  run(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[], options: RunOptions): Promise<readonly Tensor[]>;
  /** The same on the calling thread. Default: SYNC_UNAVAILABLE. */
  runSync?(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[]): readonly Tensor[];
  readonly states?: readonly VariableState[];
  /** Figures of the last run. */
  profile?(): readonly NodeProfile[];
  /** Devices that served the last run, when that differs from `executionDevices`. */
  readonly lastDevices?: readonly string[];
  release(): void;
}

/** A state that lives from run to run in one request, read and assigned by nodes. */
export interface VariableState {
  readonly name: string;
  get(): Tensor;
  set(value: Tensor): void;
  /** Back to the initial value. */
  reset(): void;
}

export interface NodeProfile {
  readonly name: string;
  readonly type: string;
  /** Kernel, as the device names it. */
  readonly kernel: string;
  readonly microseconds: number;
  /** Where it ran; told by meta-devices. */
  readonly device?: string | undefined;
}

/** Boxes from top to bottom, and wires between them: who got what, and what is handed from one to the next. */
export interface Diagram {
  readonly boxes: readonly {
    readonly title: string;
    readonly lines: readonly string[];
    /** Boxes of one group have one colour: a device, mostly. */
    readonly group: string;
    /** More, for those who ask: names of nodes. */
    readonly tip?: string | undefined;
  }[];
  /** By numbers of boxes; a wire never leads back. */
  readonly wires: readonly { readonly from: number; readonly to: number; readonly label: string }[];
}

/** One row per node or step: free fields for the device, text and JSON for people and machines. */
export interface Explanation {
  readonly summary: Readonly<Record<string, string | number>>;
  readonly rows: readonly Readonly<Record<string, string | number>>[];
  /** What a drawing shows, where the device has something to draw. */
  readonly diagram?: Diagram | undefined;
}
