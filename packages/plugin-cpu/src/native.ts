/**
 * @file The native executor as TypeScript sees it: the one file that touches the addon. Finds the binary, gives types to its
 * functions, turns its failures into CuveeErrors.
 */
import { CuveeError, type ErrorCode, type shape } from '@cuvee/core';
import { findBinary } from './binary.js';

/** The process's instruction set and what it may use. */
export interface NativeInfo {
  /** Instruction set that plans must be compiled for, `avx512`, and its channel block. */
  readonly isa: string;
  readonly block: number;
  /** Default memory budget in bytes. */
  readonly memory: number;
  /** A sentence about a CUVEE_ISA that could not be honoured. */
  readonly problem?: string | undefined;
}

/** Which cores threads are counted by, and may be held to. */
export interface CoreChoice {
  /** 0: any, 1: performance cores, 2: efficient ones. */
  readonly coreType?: number;
  /** All threads of a core, or one. */
  readonly siblings?: boolean;
}

export interface LoadOptions extends CoreChoice {
  /** Threads of all streams together; 0: as many as the choice of cores gives. */
  readonly threads?: number;
  /** 0: threads run where the system likes, 1: on the chosen cores, 2: each on one of them. */
  readonly binding?: number;
  /** Inferences at the same time; each gets its share of the threads. */
  readonly streams?: number;
  /** How long idle threads spin before they sleep. */
  readonly spinMicroseconds?: number;
  /** Below 0: threads of its own that leave most of the time to others; above: before other models that wait for the same threads. */
  readonly priority?: number;
  /** Bytes that the model and its requests may hold; 0: 80 % of what the process may use. */
  readonly memoryLimit?: number;
  readonly flushDenormals?: boolean;
  /** No kernel with a larger error than the plain sum (EXECUTION_MODE_HINT=ACCURACY). */
  readonly accurate?: boolean;
  /** Measure the kernels of layers that were never measured, when their shapes first come. */
  readonly tune?: boolean;
  /** Measure every step. */
  readonly profile?: boolean;
  /** Whether runs of row-wise steps go in strips: where it pays, wherever possible, nowhere. */
  readonly strips?: 'AUTO' | 'ALWAYS' | 'NEVER';
  /** Hand out copies instead of views of native memory, as where external buffers are forbidden. */
  readonly copyOutputs?: boolean;
  /** Text of a failed condition on sizes, as core's `failureMessage` gives it; `path` leads to the sub-plan, outermost first. */
  readonly describeShape?: (failure: shape.GuardFailure, path: readonly number[]) => string;
}

/** An input's or output's memory, and its dimensions. */
export interface NativeTensor {
  readonly data: ArrayBufferView | ArrayBufferLike;
  readonly dims: readonly number[];
}

/** An output. `buffer` is absent where the memory given for it was written; else it starts with the `bytes` bytes. */
export interface NativeOutput {
  readonly dims: readonly number[];
  readonly bytes: number;
  readonly buffer?: ArrayBuffer | undefined;
}

interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly op?: string;
  readonly origin?: string;
  readonly shape?: { readonly kind: number; readonly index: number; readonly registers: Float64Array; readonly path: readonly number[] };
}
type Answer<T> = T | { readonly error: Failure };
declare const handle: unique symbol;
interface Handle<Name> {
  readonly [handle]: Name;
}
type CompiledHandle = Handle<'compiled'>;
type RequestHandle = Handle<'request'>;
type PendingDigest = Handle<'digest'>;
type Memories = readonly (ArrayBufferView | ArrayBufferLike | undefined)[];
/** True: as the last run's. */
type Outputs = readonly NativeOutput[] | true;

export interface Addon {
  info(): NativeInfo;
  /** Processors that the choice gives, in the order in which threads take them; no more threads than the control group's quota. */
  placement(coreType: number, siblings: boolean): { readonly threads: number; readonly cpus: readonly number[]; readonly whole: boolean };
  /** Kernels that were chosen by measurement, a line each, after those of `text` joined them; how many this process measured. */
  tuning(text?: Uint8Array): { readonly text: string; readonly learnt: number };
  /** Measures for a tenth of a second. */
  peaks(threads: number): Peaks;
  /** BLAKE3 of the bytes of all parts, in hexadecimal digits. */
  digest(parts: readonly Uint8Array[]): Answer<string>;
  /** Begins the same on another thread; the bytes must stay as they are until `digestOf` gives it, once. */
  digestLater(parts: readonly Uint8Array[]): Answer<PendingDigest>;
  digestOf(pending: PendingDigest): Answer<string>;
  /** The same of a file's bytes. */
  digestFile(path: string): Answer<string>;
  /** A file's memory, not to be written to; undefined where JavaScript takes no memory of others. */
  map(path: string): Answer<ArrayBuffer> | undefined;
  load(
    plan: Uint8Array,
    constants: readonly Uint8Array[],
    options: Omit<LoadOptions, 'strips'> & { readonly strips: number },
  ): Answer<CompiledHandle>;
  createRequest(model: CompiledHandle): Answer<RequestHandle>;
  release(object: CompiledHandle | RequestHandle): void;
  cancel(request: RequestHandle): void;
  details(model: CompiledHandle): Answer<ModelDetails>;
  explain(request: RequestHandle): Answer<string>;
  profile(request: RequestHandle): Answer<readonly StepProfile[]>;
  state(
    request: RequestHandle,
    index: number,
    dims?: readonly number[] | null,
    data?: ArrayBufferView,
  ): Answer<{ readonly dims: readonly number[]; readonly data: ArrayBuffer }> | undefined;
  extend(path: string): Answer<{ readonly names: readonly string[] }>;
  rest(request: RequestHandle): undefined;
  run(request: RequestHandle, inputs: Memories, dims: Float64Array, outputs: Memories, behind: boolean): Answer<Promise<Answer<Outputs>>>;
  runSync(request: RequestHandle, inputs: Memories, dims: Float64Array, outputs: Memories): Answer<Outputs> | undefined;
}

/** What threads together can do at most: arithmetic in f32, and reading. */
export interface Peaks {
  readonly gflops: number;
  /** Pairs: from how many bytes that are read again and again, 10⁹ bytes come a second. From what second-level caches hold to memory. */
  readonly rates: readonly number[];
}

/** A step's time, and the kernel that was chosen for the shapes. */
export interface StepProfile {
  readonly nanoseconds: number;
  readonly kernel: string;
}

export interface ModelDetails {
  readonly threads: number;
  readonly streams: number;
  /** Bytes held by the model and its requests, and the most that they may hold. */
  readonly memory: number;
  readonly memoryLimit: number;
}

const isFailure = (answer: unknown): answer is { readonly error: Failure } =>
  typeof answer === 'object' && answer !== null && 'error' in answer;
const shapeKinds = ['guard', 'guard', 'range', 'overflow', 'divisor', 'limit'] as const;

function toError(failure: Failure, options: LoadOptions): CuveeError {
  const { code, message, op, origin, shape } = failure;
  const details = { op, node: origin };
  if (shape) {
    const { index, registers, path } = shape;
    const kind = shapeKinds[shape.kind] ?? 'guard';
    return new CuveeError(
      code,
      options.describeShape?.({ kind, index, class: 'error', registers }, path) ?? `${message} (${kind} ${index})`,
      details,
    );
  }
  const where = [op, origin === undefined ? undefined : `"${origin}"`].filter((s) => s !== undefined).join(' ');
  return new CuveeError(code, where === '' ? message : `${where}: ${message}`, details);
}

/** Loads a library of users' kernels (`cuvee_kernel.h`) for the life of the process; gives the operations that it runs. Throws PLUGIN_LOAD_FAILED. */
export function loadKernels(addon: Addon, path: string): readonly string[] {
  const answer = addon.extend(path);
  if (isFailure(answer)) throw toError(answer.error, {});
  return answer.names;
}

/** A loaded plan; requests, which may run at the same time, share its constants. Collected as garbage, or released at once. */
export class NativeModel {
  readonly #addon: Addon;
  readonly #handle: CompiledHandle;
  readonly #options: LoadOptions;

  /** Throws MODEL_INVALID, MODEL_UNSUPPORTED, OUT_OF_MEMORY. Constants are copied (once per process for equal ones). */
  constructor(addon: Addon, plan: Uint8Array, constants: readonly Uint8Array[], options: LoadOptions = {}) {
    const answer = addon.load(plan, constants, { ...options, strips: ['AUTO', 'ALWAYS', 'NEVER'].indexOf(options.strips ?? 'AUTO') });
    if (isFailure(answer)) throw toError(answer.error, options);
    this.#addon = addon;
    this.#handle = answer;
    this.#options = options;
  }
  createRequest(): NativeRequest {
    const answer = this.#addon.createRequest(this.#handle);
    if (isFailure(answer)) throw toError(answer.error, this.#options);
    return new NativeRequest(this.#addon, answer, this.#options);
  }
  get details(): ModelDetails {
    return check(this.#addon.details(this.#handle), this.#options);
  }
  /** Requests that were made go on. */
  release(): void {
    this.#addon.release(this.#handle);
  }
}

function check<T>(answer: Answer<T>, options: LoadOptions): T {
  if (isFailure(answer)) throw toError(answer.error, options);
  return answer;
}

/** One inference at a time. */
export class NativeRequest {
  readonly #addon: Addon;
  readonly #handle: RequestHandle;
  readonly #options: LoadOptions;
  #dims = new Float64Array(0);
  #outputs: readonly NativeOutput[] = [];

  constructor(addon: Addon, request: RequestHandle, options: LoadOptions) {
    this.#addon = addon;
    this.#handle = request;
    this.#options = options;
  }

  /**
   * One inference on this thread. Inputs are read in place. An output given memory of the right size is written there; else
   * it comes in memory of the request that the next run overwrites. While they stay as they are, the list is the same one.
   * Throws SHAPE_MISMATCH, OUT_OF_MEMORY, BUSY …
   */
  runSync(inputs: readonly NativeTensor[], outputs: Memories = []): readonly NativeOutput[] {
    const answer = this.#addon.runSync(
      this.#handle,
      inputs.map((t) => t.data),
      this.#flatten(inputs),
      outputs,
    );
    if (answer === undefined) throw new CuveeError('INTERNAL', 'the JavaScript environment is ending');
    return this.#list(check(answer, this.#options));
  }

  /** The same on another thread; `behind`: with little of the time that others want. Inputs and outputs are held until it settles, and must not be written or transferred. */
  async run(inputs: readonly NativeTensor[], outputs: Memories = [], behind = false): Promise<readonly NativeOutput[]> {
    // Memory that JavaScript may take away while the inference reads it is copied.
    const memories = inputs.map(({ data }) => (isResizable(data) ? copyOf(data) : data));
    const answer = await check(this.#addon.run(this.#handle, memories, this.#flatten(inputs), outputs, behind), this.#options);
    return this.#list(check(answer, this.#options));
  }

  #list(outputs: Outputs): readonly NativeOutput[] {
    if (outputs !== true) this.#outputs = outputs;
    return this.#outputs;
  }

  /** The pending run rejects with CANCELLED, soon. */
  cancel(): void {
    this.#addon.cancel(this.#handle);
  }
  /** JSON of levels and steps with kernels, bytes, arenas, as they are for the last run's shapes. */
  explain(): string {
    return check(this.#addon.explain(this.#handle), this.#options);
  }
  /** The last run's steps, level by level; empty unless loaded with `profile`. */
  profile(): readonly StepProfile[] {
    return check(this.#addon.profile(this.#handle), this.#options);
  }
  getState(index: number): { readonly dims: readonly number[]; readonly data: ArrayBuffer } {
    return check(this.#addon.state(this.#handle, index), this.#options) as { readonly dims: readonly number[]; readonly data: ArrayBuffer };
  }
  setState(index: number, dims: readonly number[], data: ArrayBufferView): void {
    check(this.#addon.state(this.#handle, index, dims, data), this.#options);
  }
  resetState(index: number): void {
    check(this.#addon.state(this.#handle, index, null), this.#options);
  }
  /** Gives the pages of large intermediates that no request of its model holds back until the next run. */
  rest(): void {
    this.#addon.rest(this.#handle);
  }
  /** Frees its memory; a pending run ends first. Outputs that were handed out stay readable. */
  release(): void {
    this.#outputs = [];
    this.#addon.release(this.#handle);
  }

  #flatten(inputs: readonly NativeTensor[]): Float64Array {
    let n = 0;
    for (const { dims } of inputs) n += dims.length;
    if (this.#dims.length !== n) this.#dims = new Float64Array(n);
    let at = 0;
    for (const { dims } of inputs) for (const d of dims) this.#dims[at++] = d;
    return this.#dims;
  }
}

const bufferOf = (data: ArrayBufferView | ArrayBufferLike): ArrayBufferLike => (ArrayBuffer.isView(data) ? data.buffer : data);
const isResizable = (data: ArrayBufferView | ArrayBufferLike): boolean => (bufferOf(data) as { resizable?: boolean }).resizable === true;
const copyOf = (data: ArrayBufferView | ArrayBufferLike): Uint8Array =>
  (ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)).slice();

/** The executor, or why there is none and the line to type. */
export type Native = { readonly addon: Addon; readonly path: string } | { readonly absent: string };

let loaded: Native | undefined;

/** Loads the addon once, from where `findBinary` found it. Never throws. */
export function loadNative(): Native {
  loaded ??= findBinary() as Native;
  return loaded;
}

/** BLAKE3 of bytes one after the other, in hexadecimal digits. Throws PLUGIN_LOAD_FAILED where there is no executor. */
export function digest(parts: readonly Uint8Array[]): string {
  const native = loadNative();
  if ('absent' in native) throw new CuveeError('PLUGIN_LOAD_FAILED', native.absent);
  return check(native.addon.digest(parts), {});
}

/** The same while the caller goes on, who must leave the bytes alone until the function that comes back, called once, gives it. */
export function digestLater(parts: readonly Uint8Array[]): () => string {
  const native = loadNative();
  if ('absent' in native) throw new CuveeError('PLUGIN_LOAD_FAILED', native.absent);
  const pending = check(native.addon.digestLater(parts), {});
  return () => check(native.addon.digestOf(pending), {});
}

/** The same of the bytes of a file, which are not held; undefined when they do not come. */
export function digestFile(path: string): string | undefined {
  const native = loadNative();
  const answer = 'absent' in native ? undefined : native.addon.digestFile(path);
  return isFailure(answer) ? undefined : answer;
}

/**
 * The bytes of a file where the system keeps them, not to be written to: constants among them serve all processes as they lie. For files that are
 * only ever replaced, never written again. Undefined where it cannot be mapped.
 */
export function mapped(path: string): Uint8Array | undefined {
  const native = loadNative();
  const answer = 'absent' in native ? undefined : native.addon.map(path);
  return answer === undefined || isFailure(answer) ? undefined : new Uint8Array(answer);
}
