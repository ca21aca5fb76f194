/** @file One inference at a time: names, checks, state, cancellation. Devices see none of this. */
import { CuveeError } from '../errors.js';
import type { DeviceRequest, NodeProfile, VariableState } from '../device/contract.js';
import type { ElementType, Storage } from '../tensor/element.js';
import { Tensor } from '../tensor/tensor.js';
import type { Model } from '../ir/model.js';
import { Value } from '../ir/node.js';
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

type State = 'idle' | 'busy' | 'released';

/** Holds the tensors and states of one stream of inferences. */
export class InferRequest {
  readonly #compiled: CompiledModel;
  readonly #model: Model;
  readonly #request: DeviceRequest;
  readonly #inputs: (Tensor | undefined)[];
  /** Tensors that the user wants written. */
  readonly #given: (Tensor | undefined)[];
  #outputs: readonly Tensor[] = [];
  #state: State = 'idle';
  #abort: AbortController | undefined;

  constructor(compiled: CompiledModel, model: Model, request: DeviceRequest) {
    this.#compiled = compiled;
    this.#model = model;
    this.#request = request;
    this.#inputs = model.inputs.map(() => undefined);
    this.#given = model.outputs.map(() => undefined);
  }

  getCompiledModel(): CompiledModel {
    return this.#compiled;
  }

  /** Runs on the calling thread. Output tensors stay valid until this request runs again. Throws SYNC_UNAVAILABLE. */
  infer(inputs?: Inputs): Outputs {
    this.#idle('infer');
    if (inputs !== undefined) this.#take(inputs);
    const ready = this.#ready();
    if (!this.#request.runSync)
      throw new CuveeError('SYNC_UNAVAILABLE', `device ${this.#compiled.device} runs asynchronously only; use inferAsync`);
    this.#state = 'busy';
    try {
      return this.#finish(this.#request.runSync(ready, this.#given));
    } catch (error) {
      throw CuveeError.wrap(`inferring "${this.#model.friendlyName}" on ${this.#compiled.device}`, error);
    } finally {
      if (this.#state === 'busy') this.#state = 'idle';
    }
  }

  /**
   * Runs off the event loop. Inputs are read in place: not to be written before it settles. Rejects with the signal's reason
   * when aborted, CANCELLED after `cancel()`; the request can be used again then.
   */
  async inferAsync(inputs?: Inputs, options: InferOptions = {}): Promise<Outputs> {
    this.#idle('inferAsync');
    if (inputs !== undefined) this.#take(inputs);
    const ready = this.#ready();
    return this.#run(ready, options);
  }

  async #run(ready: readonly Tensor[], { signal }: InferOptions): Promise<Outputs> {
    signal?.throwIfAborted();
    this.#state = 'busy';
    const abort = new AbortController();
    this.#abort = abort;
    const forward = (): void => abort.abort(signal?.reason);
    signal?.addEventListener('abort', forward, { once: true });
    try {
      const outputs = await this.#request.run(ready, this.#given, { signal: abort.signal });
      return this.#finish(outputs);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (abort.signal.aborted) throw new CuveeError('CANCELLED', `inferring "${this.#model.friendlyName}" was cancelled`);
      throw CuveeError.wrap(`inferring "${this.#model.friendlyName}" on ${this.#compiled.device}`, error);
    } finally {
      signal?.removeEventListener('abort', forward);
      this.#abort = undefined;
      if (this.#state === 'busy') this.#state = 'idle';
    }
  }

  /** Stops a pending `inferAsync`, which rejects with CANCELLED. Nothing happens when none is pending. */
  cancel(): void {
    this.#abort?.abort();
  }

  /** Sets an input (or an output to be written) by name or port. Throws TYPE_MISMATCH, SHAPE_MISMATCH. */
  setTensor(which: string | Value, tensor: Tensor): void {
    this.#idle('setTensor');
    const name = which instanceof Value ? which.anyName : which;
    const input = this.#indexOf(this.#model.inputs, name);
    if (input >= 0) this.setInputTensor(input, tensor);
    else this.setOutputTensor(this.#index('tensor', this.#model.outputs, name), tensor);
  }
  getTensor(which: string | Value): Tensor {
    const name = which instanceof Value ? which.anyName : which;
    const input = this.#indexOf(this.#model.inputs, name);
    return input >= 0 ? this.getInputTensor(input) : this.getOutputTensor(this.#index('tensor', this.#model.outputs, name));
  }
  /** By index, 0 unless given. Throws ARGUMENT_INVALID, TYPE_MISMATCH, SHAPE_MISMATCH, BUSY. */
  setInputTensor(first: number | Tensor, second?: Tensor): void {
    this.#idle('setInputTensor');
    const [index, tensor] = first instanceof Tensor ? [0, first] : [first, second as Tensor];
    const port = this.#model.inputs[index];
    if (!port) throw new CuveeError('ARGUMENT_INVALID', `there is no input ${index}`);
    this.#inputs[index] = checkInput(port, tensor);
  }
  /** The input's tensor; made, with zeros, on first use. */
  getInputTensor(index = 0): Tensor {
    const port = this.#model.input(index);
    this.#inputs[index] ??= new Tensor(port.elementType, port.partialShape.dimensions?.map(([lo]) => lo) ?? []);
    return this.#inputs[index] as Tensor;
  }
  /** A tensor that runs write in place when it has the output's shape. By index, 0 unless given. Throws ARGUMENT_INVALID, TYPE_MISMATCH, BUSY. */
  setOutputTensor(first: number | Tensor, second?: Tensor): void {
    this.#idle('setOutputTensor');
    const [index, tensor] = first instanceof Tensor ? [0, first] : [first, second as Tensor];
    const port = this.#model.outputs[index];
    if (!port) throw new CuveeError('ARGUMENT_INVALID', `there is no output ${index}`);
    if (!(tensor instanceof Tensor)) throw new CuveeError('ARGUMENT_INVALID', `output "${port.anyName}" must be a Tensor`);
    if (port.elementType !== 'dynamic' && tensor.type !== port.elementType)
      throw new CuveeError('TYPE_MISMATCH', `output "${port.anyName}" is ${port.elementType}, the tensor is ${tensor.type}`);
    this.#given[index] = tensor;
  }
  getOutputTensor(index = 0): Tensor {
    const port = this.#model.output(index);
    return (
      this.#outputs[index] ?? this.#given[index] ?? new Tensor(port.elementType, port.partialShape.dimensions?.map(([lo]) => lo) ?? [])
    );
  }

  /** Figures of the last run, where the device keeps them. */
  profilingInfo(): readonly NodeProfile[] {
    return this.#request.profile?.() ?? [];
  }
  getProfilingInfo(): readonly NodeProfile[] {
    return this.profilingInfo();
  }
  /** Devices that served the last run. */
  get executionDevices(): readonly string[] {
    return this.#request.lastDevices ?? this.#compiled.executionDevices;
  }
  queryState(): readonly VariableState[] {
    return this.#request.states ?? [];
  }
  resetState(): void {
    for (const state of this.queryState()) state.reset();
  }

  /** Frees native memory at once. Safe to call twice. */
  release(): void {
    if (this.#state === 'released') return;
    this.#abort?.abort();
    this.#state = 'released';
    this.#request.release();
  }
  [Symbol.dispose](): void {
    this.release();
  }

  #idle(doing: string): void {
    if (this.#state === 'busy') throw new CuveeError('BUSY', `${doing}: the request is running`);
    if (this.#state === 'released') throw new CuveeError('ARGUMENT_INVALID', `${doing}: the request was released`);
  }

  #take(inputs: Inputs): void {
    const ports = this.#model.inputs;
    if (typeof inputs !== 'object' || inputs === null)
      throw new CuveeError('ARGUMENT_INVALID', 'inputs are an array or an object of tensors');
    const pairs = Array.isArray(inputs)
      ? (inputs as readonly InputData[]).map((data, i) => [i, data] as const)
      : Object.entries(inputs as Record<string, InputData>).map(([name, data]) => [this.#index('input', ports, name), data] as const);
    for (const [i, data] of pairs) {
      const port = ports[i];
      if (!port)
        throw new CuveeError('ARGUMENT_INVALID', `${pairs.length} inputs were given, "${this.#model.friendlyName}" takes ${ports.length}`);
      this.#inputs[i] = checkInput(port, data instanceof Tensor ? data : wrap(port, data));
    }
  }

  #ready(): readonly Tensor[] {
    return this.#inputs.map((tensor, i) => {
      if (tensor) return tensor;
      const port = this.#model.inputs[i] as Value;
      throw new CuveeError('ARGUMENT_INVALID', `input "${port.anyName}" ${port.elementType} ${port.partialShape} was not given`);
    });
  }

  #finish(outputs: readonly Tensor[]): Outputs {
    this.#outputs = outputs;
    return Object.fromEntries(this.#model.outputs.map((port, i) => [port.anyName, outputs[i] as Tensor]));
  }

  #indexOf(ports: readonly Value[], name: string): number {
    return ports.findIndex(
      (p) =>
        p.names.includes(name) ||
        p.anyName === name ||
        p.node.name === name ||
        (p.node.op.name === 'Result' && p.node.inputs[0]?.names.includes(name)),
    );
  }
  #index(what: string, ports: readonly Value[], name: string): number {
    const i = this.#indexOf(ports, name);
    if (i < 0)
      throw new CuveeError('ARGUMENT_INVALID', `there is no ${what} "${name}"; there are ${ports.map((p) => `"${p.anyName}"`).join(', ')}`);
    return i;
  }
}

/** A bare typed array as the tensor that the port describes. */
function wrap(port: Value, data: Storage): Tensor {
  if (!Array.isArray(data) && !ArrayBuffer.isView(data))
    throw new CuveeError('ARGUMENT_INVALID', `input "${port.anyName}" must be a Tensor or a typed array`);
  return new Tensor(port.elementType as ElementType, port.shape, data);
}

/** Type and shape against the port. A tensor may have any shape that the port's partial shape admits. */
function checkInput(port: Value, tensor: Tensor): Tensor {
  if (!(tensor instanceof Tensor)) throw new CuveeError('ARGUMENT_INVALID', `input "${port.anyName}" must be a Tensor`);
  if (port.elementType !== 'dynamic' && tensor.type !== port.elementType)
    throw new CuveeError('TYPE_MISMATCH', `input "${port.anyName}" is ${port.elementType}, the tensor is ${tensor.type}`);
  if (!port.partialShape.accepts(tensor.shape))
    throw new CuveeError('SHAPE_MISMATCH', `input "${port.anyName}" is ${port.partialShape}, the tensor is [${tensor.shape.join(',')}]`);
  return tensor;
}
