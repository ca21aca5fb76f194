/// <reference lib="esnext.disposable" preserve="true" />
/** @file One inference at a time: names, checks, state, cancellation. Devices see none of this. */
import { isText, noArguments, wrongCall } from '../calls.js';
import { CuveeError } from '../errors.js';
import { textOf } from '../meta/failures.js';
import type { DeviceRequest, NodeProfile, VariableState } from '../device/contract.js';
import type { Storage } from '../tensor/element.js';
import { Tensor } from '../tensor/tensor.js';
import type { Model } from '../ir/model.js';
import { Value } from '../ir/node.js';
import { checkGiven, emptyFor, indexOfPort, takeInputs } from './ports.js';
import { parseDevice } from './device-name.js';
import { began, tell, type EventMessage } from './events.js';
import type { CompiledModel } from './compiled-model.js';

/** A tensor, or a typed array for an input of static shape. */
export type InputData = Tensor | Storage;
/** Inputs by name, or in order. */
export type Inputs = readonly InputData[] | Readonly<Record<string, InputData>>;
/** Outputs by name. */
export type Outputs = Record<string, Tensor>;

export interface InferOptions {
  readonly signal?: AbortSignal | undefined;
}
/** Told when a run of `startAsync` ended; what it throws does not reach the run's promise. */
export type RequestCallback = (error: Error | null, request: InferRequest) => void;

type State = 'idle' | 'busy' | 'released';

/** Holds the tensors and states of one stream of inferences. */
export class InferRequest {
  readonly #compiled: CompiledModel;
  readonly #model: Model;
  readonly #request: DeviceRequest;
  readonly #ports: readonly Value[];
  readonly #outputNames: readonly string[];
  #inputs: (Tensor | undefined)[];
  /** Tensors that the user wants written. */
  #given: (Tensor | undefined)[];
  #outputs: readonly Tensor[] = [];
  #state: State = 'idle';
  #abort: AbortController | undefined;
  #pending: Promise<Outputs> | undefined;
  #callback: RequestCallback | undefined;

  constructor(compiled: CompiledModel, model: Model, request: DeviceRequest) {
    this.#compiled = compiled;
    this.#model = model;
    this.#request = request;
    this.#ports = model.inputs;
    this.#outputNames = model.outputs.map((port) => port.anyName);
    this.#inputs = this.#ports.map(() => undefined);
    this.#given = model.outputs.map(() => undefined);
    leftovers?.register(this, request, this);
  }

  /** The compiled model that the request belongs to. */
  getCompiledModel(): CompiledModel {
    return this.#compiled;
  }

  /** Runs on the calling thread. Output tensors stay valid until this request runs again. Throws SYNC_UNAVAILABLE. */
  infer(inputs?: Inputs): Outputs;
  infer(...given: unknown[]): Outputs {
    const taken = this.#arguments('infer', given, 1);
    this.#idle('infer');
    const ready = this.#ready(taken);
    if (!this.#request.runSync)
      throw new CuveeError('SYNC_UNAVAILABLE', `device ${this.#compiled.device} runs asynchronously only; use inferAsync`);
    this.#state = 'busy';
    const ended = began('infer', this.#compiled.logRank, () => this.#about(ready));
    this.#compiled.load?.enter();
    try {
      const outputs = this.#finish(this.#request.runSync(ready, this.#given));
      ended?.();
      return outputs;
    } catch (error) {
      ended?.(error);
      throw this.#failure(error);
    } finally {
      this.#compiled.load?.leave();
      if (this.#state === 'busy') this.#state = 'idle';
    }
  }

  /**
   * Runs off the event loop. Inputs are read in place: not to be written before it settles. Wrong arguments throw at once;
   * it rejects with BUSY while another run is pending, with the signal's reason when aborted, with CANCELLED after `cancel()`.
   * The request can be used again then.
   */
  inferAsync(inputs?: Inputs, options?: InferOptions): Promise<Outputs>;
  inferAsync(...given: unknown[]): Promise<Outputs> {
    const taken = this.#arguments('inferAsync', given, 2);
    const options = (given[1] ?? {}) as InferOptions;
    const start = async (): Promise<Outputs> => {
      this.#idle('inferAsync');
      const run = this.#run(this.#ready(taken), options);
      this.#pending = run;
      return run;
    };
    return start();
  }

  /** Starts a run whose end `wait` and the callback tell of. Throws BUSY. */
  startAsync(inputs?: Inputs): void;
  startAsync(...given: unknown[]): void {
    const taken = this.#arguments('startAsync', given, 1);
    this.#idle('startAsync');
    const run = this.#run(this.#ready(taken), {});
    this.#pending = run;
    const tell = (error: Error | null): void => this.#callback?.(error, this);
    run.then(
      () => tell(null),
      (error: Error) => tell(error),
    );
  }
  /** Called at the end of each run that `startAsync` began. What it throws is an uncaught exception of the process, as in any event. */
  setCallback(callback: RequestCallback): void {
    if (typeof callback !== 'function') throw wrongCall('setCallback() takes a function.');
    this.#callback = callback;
  }
  /** The end of the last run begun: its outputs, or its error. Resolves at once when there was none. */
  async wait(): Promise<Outputs | undefined> {
    return this.#pending;
  }
  /** Whether the pending run ends within so many milliseconds; at once true when none is pending. Rejects with the run's error. */
  async waitFor(milliseconds: number): Promise<boolean> {
    if (typeof milliseconds !== 'number' || !(milliseconds >= 0)) throw wrongCall('waitFor() takes a number of milliseconds.');
    if (this.#state !== 'busy' || !this.#pending) return true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), milliseconds)));
    try {
      return await Promise.race([this.#pending.then(() => true), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #run(ready: readonly Tensor[], { signal }: InferOptions): Promise<Outputs> {
    signal?.throwIfAborted();
    this.#state = 'busy';
    const abort = new AbortController();
    this.#abort = abort;
    const forward = (): void => abort.abort(signal?.reason);
    signal?.addEventListener('abort', forward, { once: true });
    const ended = began('infer', this.#compiled.logRank, () => this.#about(ready));
    this.#compiled.load?.enter();
    try {
      const outputs = await this.#request.run(ready, this.#given, { signal: abort.signal });
      ended?.();
      return this.#finish(outputs);
    } catch (error) {
      ended?.(error);
      if (signal?.aborted) throw signal.reason;
      if (abort.signal.aborted) throw new CuveeError('CANCELLED', `inferring "${this.#model.friendlyName}" was cancelled`);
      throw this.#failure(error);
    } finally {
      this.#compiled.load?.leave();
      signal?.removeEventListener('abort', forward);
      this.#abort = undefined;
      if (this.#state === 'busy') this.#state = 'idle';
    }
  }

  /** What a run failed with, for its caller; told of as lost where a meta-device handed this request out as its own. */
  #failure(error: unknown): CuveeError {
    const { device, logRank, passesTo } = this.#compiled;
    const model = this.#model.friendlyName;
    const failure = CuveeError.wrap(`inferring "${model}" on ${device}`, error);
    if (passesTo !== undefined && failure.code === 'DEVICE_LOST')
      tell({ kind: 'lost', model, by: parseDevice(device).name, device: passesTo, reason: textOf(error), error }, logRank);
    return failure;
  }

  /** Stops a pending run, which rejects with CANCELLED. Nothing happens when none is pending. */
  cancel(): void {
    this.#abort?.abort();
  }

  /** Sets an input (or an output to be written) by name or port. Throws ARGUMENT_INVALID, TYPE_MISMATCH, SHAPE_MISMATCH, BUSY. */
  setTensor(which: string | Value, tensor: Tensor): void;
  setTensor(...given: unknown[]): void {
    const [which, tensor] = given;
    if (given.length !== 2 || !(isText(which) || which instanceof Value) || !isObject(tensor))
      throw wrongCall('InferRequest.setTensor() invalid argument.');
    const [kind, index] = this.#find(which);
    this.#set(kind, index, checkTensor(tensor, 2));
  }
  /** The tensor of an input or output, by name or port. Throws ARGUMENT_INVALID. */
  getTensor(which: string | Value): Tensor;
  getTensor(...given: unknown[]): Tensor {
    const [which] = given;
    if (given.length !== 1) throw wrongCall('InferRequest.getTensor() invalid number of arguments.');
    if (!isText(which) && !(which instanceof Value)) throw wrongCall('InferRequest.getTensor() invalid argument.');
    const [kind, index] = this.#find(which);
    return kind === 'input' ? this.#input(index) : this.#output(index);
  }
  /** By index; without one, the only input. Throws ARGUMENT_INVALID, TYPE_MISMATCH, SHAPE_MISMATCH, BUSY. */
  setInputTensor(tensor: Tensor): void;
  setInputTensor(index: number, tensor: Tensor): void;
  setInputTensor(...given: unknown[]): void {
    this.#setByIndex('input', 'setInputTensor', given);
  }
  /** The input's tensor; made, with zeros, on first use. Dimensions that are dynamic have their least size then. */
  getInputTensor(index?: number): Tensor;
  getInputTensor(...given: unknown[]): Tensor {
    return this.#input(this.#indexGiven('input', 'getInputTensor', given));
  }
  /** A tensor that runs write in place when it has the output's shape. Throws ARGUMENT_INVALID, TYPE_MISMATCH, BUSY. */
  setOutputTensor(tensor: Tensor): void;
  setOutputTensor(index: number, tensor: Tensor): void;
  setOutputTensor(...given: unknown[]): void {
    this.#setByIndex('output', 'setOutputTensor', given);
  }
  /** An output by index; the only one without it. A view of the request's memory, valid until its next run. */
  getOutputTensor(index?: number): Tensor;
  getOutputTensor(...given: unknown[]): Tensor {
    return this.#output(this.#indexGiven('output', 'getOutputTensor', given));
  }

  /** Figures of the last run, node by node, where the model was compiled with PERF_COUNT. */
  profilingInfo(): readonly NodeProfile[] {
    return this.#request.profile?.() ?? [];
  }
  /** What `profilingInfo` says, under openvino-node's name. */
  getProfilingInfo(): readonly NodeProfile[] {
    return this.profilingInfo();
  }
  /** Devices that served the last run. */
  get executionDevices(): readonly string[] {
    return this.#request.lastDevices ?? this.#compiled.executionDevices;
  }
  /** The states that live from run to run, to be read, set and reset one by one. */
  queryState(): readonly VariableState[] {
    return this.#request.states ?? [];
  }
  /** All states back to their initial values. */
  resetState(): void {
    this.#idle('resetState');
    for (const state of this.queryState()) state.reset();
  }

  /**
   * Frees native memory at once, and lets go of its tensors, which stay readable for those who hold them; asked for them, it throws
   * ARGUMENT_INVALID from then on. Safe to call twice.
   */
  release(): void {
    if (this.#state === 'released') return;
    this.#abort?.abort();
    if (this.#state === 'idle') this.#pending = undefined;
    this.#state = 'released';
    this.#inputs = [];
    this.#given = [];
    this.#outputs = [];
    leftovers?.unregister(this);
    this.#request.release();
  }
  [Symbol.dispose](): void {
    this.release();
  }

  #held(doing: string): void {
    if (this.#state === 'released') throw new CuveeError('ARGUMENT_INVALID', `${doing}: the request was released`);
  }
  #idle(doing: string): void {
    if (this.#state === 'busy') throw new CuveeError('BUSY', `${doing}: the request is running`);
    this.#held(doing);
    this.#compiled.check();
  }

  /** Inputs as the methods that run take them, checked against the ports; nothing is set yet. */
  #arguments(method: string, given: readonly unknown[], most: number): readonly (readonly [number, Tensor])[] {
    const [inputs] = given;
    if (ArrayBuffer.isView(inputs)) throw wrongCall(`TypedArray cannot be passed directly into ${method}() method.`);
    if (given.length > most || (inputs !== undefined && !isObject(inputs)))
      throw wrongCall(`${method[0]?.toUpperCase()}${method.slice(1)} method takes as an argument an array or an object.`);
    return inputs === undefined ? [] : takeInputs(this.#model, this.#ports, inputs as Inputs);
  }

  /** Sets what was given; the tensors of all inputs. Throws ARGUMENT_INVALID naming one that nobody gave. */
  #ready(taken: readonly (readonly [number, Tensor])[]): readonly Tensor[] {
    for (const [index, tensor] of taken) this.#inputs[index] = tensor;
    return this.#inputs.map((tensor, i) => {
      if (tensor) return tensor;
      const port = this.#ports[i] as Value;
      throw new CuveeError('ARGUMENT_INVALID', `input "${port.anyName}" ${port.elementType} ${port.partialShape} was not given`);
    });
  }

  #about(inputs: readonly Tensor[]): Omit<EventMessage, 'kind'> {
    const shapes = inputs.map((t) => `[${t.shape.join(',')}]`).join(' ');
    return { model: this.#model.friendlyName, device: this.#compiled.device, details: { inputs: shapes } };
  }

  #finish(outputs: readonly Tensor[]): Outputs {
    if (this.#state !== 'released') this.#outputs = outputs;
    if (this.#outputNames.includes('__proto__'))
      return Object.fromEntries(this.#outputNames.map((name, i) => [name, outputs[i] as Tensor]));
    const named: Outputs = {};
    for (let i = 0; i < outputs.length; i++) named[this.#outputNames[i] as string] = outputs[i] as Tensor;
    return named;
  }

  #find(which: string | Value): readonly ['input' | 'output', number] {
    const input = indexOfPort(this.#model.inputs, which);
    if (input >= 0) return ['input', input];
    const output = indexOfPort(this.#model.outputs, which);
    if (output >= 0) return ['output', output];
    const names = [...this.#model.inputs, ...this.#model.outputs].map((p) => `"${p.anyName}"`).join(', ');
    throw wrongCall(`Port for tensor name ${String(which)} was not found. There are ${names}.`);
  }
  #indexGiven(kind: 'input' | 'output', method: string, given: readonly unknown[]): number {
    const [index] = given;
    if (given.length > 1 || (given.length === 1 && !Number.isInteger(index))) throw wrongCall(`InferRequest.${method}() invalid argument.`);
    return this.#portAt(kind, index as number | undefined);
  }
  #setByIndex(kind: 'input' | 'output', method: string, given: readonly unknown[]): void {
    const [index, tensor] = given.length === 1 ? [undefined, given[0]] : given;
    if (given.length < 1 || given.length > 2 || (given.length === 2 && !Number.isInteger(index)) || !isObject(tensor))
      throw wrongCall(`InferRequest.${method}() invalid argument.`);
    const checked = checkTensor(tensor, given.length);
    this.#set(kind, this.#portAt(kind, index as number | undefined), checked);
  }
  #portAt(kind: 'input' | 'output', index: number | undefined): number {
    const ports = kind === 'input' ? this.#model.inputs : this.#model.outputs;
    if (index === undefined && ports.length !== 1)
      throw wrongCall(`an index is needed: "${this.#model.friendlyName}" has ${ports.length} ${kind}s`);
    if (!ports[index ?? 0])
      throw wrongCall(`${kind === 'input' ? 'Input' : 'Output'} port for index ${index} was not found! There are ${ports.length}.`);
    return index ?? 0;
  }
  #set(kind: 'input' | 'output', index: number, tensor: Tensor): void {
    this.#idle(kind === 'input' ? 'setInputTensor' : 'setOutputTensor');
    const port = (kind === 'input' ? this.#model.inputs : this.#model.outputs)[index] as Value;
    checkGiven(kind, port, tensor);
    (kind === 'input' ? this.#inputs : this.#given)[index] = tensor;
    if (kind === 'output') this.#outputs = this.#outputs.map((t, i) => (i === index ? tensor : t));
  }
  #input(index: number): Tensor {
    this.#held('getInputTensor');
    this.#inputs[index] ??= emptyFor(this.#model.inputs[index] as Value);
    return this.#inputs[index] as Tensor;
  }
  #output(index: number): Tensor {
    this.#held('getOutputTensor');
    return this.#outputs[index] ?? this.#given[index] ?? emptyFor(this.#model.outputs[index] as Value);
  }
}
noArguments(InferRequest, ['getCompiledModel', 'profilingInfo', 'getProfilingInfo', 'queryState', 'resetState', 'cancel', 'wait']);

/** Frees what nobody released. */
const leftovers =
  typeof FinalizationRegistry === 'undefined' ? undefined : new FinalizationRegistry<DeviceRequest>((request) => request.release());

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
function checkTensor(tensor: unknown, position: number): Tensor {
  if (!(tensor instanceof Tensor)) throw wrongCall(`Argument #${position} must be a Tensor.`);
  return tensor;
}
