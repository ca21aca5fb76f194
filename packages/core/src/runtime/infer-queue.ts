/// <reference lib="esnext.disposable" preserve="true" />
/** @file Several requests of one compiled model, kept busy. */
import { isSettings, wrongSignature } from '../calls.js';
import { CuveeError } from '../errors.js';
import { CompiledModel } from './compiled-model.js';
import type { InferRequest, Inputs } from './infer-request.js';

/** Called after each inference, before its promise settles; outputs of the request stay valid until it returns. */
export type QueueCallback = (error: Error | null, request: InferRequest, userData: unknown) => void;

/** Runs inferences on a fixed number of requests; more than that wait their turn, first come, first served. */
export class AsyncInferQueue {
  readonly #all: readonly InferRequest[];
  readonly #idle: InferRequest[];
  readonly #waiting: ((request: InferRequest | undefined) => void)[] = [];
  #callback: QueueCallback | undefined;
  #released = false;

  /** `jobs`: how many requests; by default as many as keep the device busy. */
  constructor(compiled: CompiledModel, jobs?: number);
  constructor(...given: unknown[]) {
    const [compiled, jobs = 0] = given;
    if (given.length < 1 || given.length > 2 || !(compiled instanceof CompiledModel) || !Number.isInteger(jobs) || (jobs as number) < 0)
      throw wrongSignature('AsyncInferQueue constructor', given, ['CompiledModel', 'CompiledModel, Integer']);
    const count = (jobs as number) || Number(compiled.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS'));
    this.#all = Array.from({ length: count }, () => compiled.createInferRequest());
    this.#idle = [...this.#all];
  }

  /** To be set before inferences are started; a later one replaces it. Throws ARGUMENT_INVALID. */
  setCallback(callback: QueueCallback): void;
  setCallback(...given: unknown[]): void {
    const [callback] = given;
    if (given.length !== 1 || typeof callback !== 'function') throw wrongSignature('setCallback', given, ['function']);
    if (!this.#released) this.#callback = callback as QueueCallback;
  }

  /**
   * Resolves with `userData` when the inference is done and the callback has returned. Rejects with what the inference or the
   * callback threw; the request serves the next job then. Rejects without a callback. Throws ARGUMENT_INVALID.
   */
  startAsync(inputs: Inputs, userData?: unknown): Promise<unknown>;
  startAsync(...given: unknown[]): Promise<unknown> {
    const [inputs, userData] = given;
    if (given.length < 1 || given.length > 2 || !(Array.isArray(inputs) || isSettings(inputs)))
      throw wrongSignature('startAsync', given, ['object', 'object, any']);
    return this.#start(inputs as Inputs, userData);
  }

  async #start(inputs: Inputs, userData: unknown): Promise<unknown> {
    const callback = this.#callback;
    if (!callback || this.#released)
      throw new CuveeError(
        'ARGUMENT_INVALID',
        `Callback has to be set before starting inference.${this.#released ? ' The queue was released.' : ''}`,
      );
    const request = await this.#take();
    try {
      let failure: Error | null = null;
      try {
        await request.inferAsync(inputs);
      } catch (error) {
        failure = error as Error;
      }
      callback(failure, request, userData);
      if (failure) throw failure;
      return userData;
    } finally {
      this.#give(request);
    }
  }

  /** Frees the requests; inferences that run are cancelled, those that wait reject. Safe to call twice. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#callback = undefined;
    for (const wake of this.#waiting.splice(0)) wake(undefined);
    for (const request of this.#all) request.release();
  }
  [Symbol.dispose](): void {
    this.release();
  }

  async #take(): Promise<InferRequest> {
    const request = this.#idle.pop() ?? (await new Promise<InferRequest | undefined>((resolve) => this.#waiting.push(resolve)));
    if (!request) throw new CuveeError('CANCELLED', 'startAsync: the queue was released before this inference could start');
    return request;
  }
  #give(request: InferRequest): void {
    const next = this.#waiting.shift();
    if (next) next(request);
    else this.#idle.push(request);
  }
}
