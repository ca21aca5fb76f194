/** @file Several requests of one compiled model, kept busy. */
import { CuveeError } from '../errors.js';
import type { CompiledModel } from './compiled-model.js';
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
  constructor(compiled: CompiledModel, jobs = 0) {
    if (!Number.isInteger(jobs) || jobs < 0)
      throw new CuveeError('ARGUMENT_INVALID', `a queue needs a number of jobs, got ${String(jobs)}`);
    const count = jobs || Number(compiled.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS'));
    this.#all = Array.from({ length: count }, () => compiled.createInferRequest());
    this.#idle = [...this.#all];
  }

  setCallback(callback: QueueCallback): void {
    if (typeof callback !== 'function') throw new CuveeError('ARGUMENT_INVALID', 'the callback of a queue is a function');
    this.#callback = callback;
  }

  /** Resolves with `userData` when the inference is done and the callback has returned. Rejects with what either threw. */
  async startAsync(inputs: Inputs, userData?: unknown): Promise<unknown> {
    const request = await this.#take();
    try {
      await request.inferAsync(inputs);
      this.#callback?.(null, request, userData);
      return userData;
    } catch (error) {
      this.#callback?.(error as Error, request, userData);
      throw error;
    } finally {
      this.#give(request);
    }
  }

  /** Frees the requests; inferences that run are cancelled, those that wait reject. Safe to call twice. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    for (const wake of this.#waiting.splice(0)) wake(undefined);
    for (const request of this.#all) request.release();
  }
  [Symbol.dispose](): void {
    this.release();
  }

  async #take(): Promise<InferRequest> {
    const idle = this.#released ? undefined : this.#idle.pop();
    const request =
      idle ?? (this.#released ? undefined : await new Promise<InferRequest | undefined>((resolve) => this.#waiting.push(resolve)));
    if (!request) throw new CuveeError('ARGUMENT_INVALID', 'startAsync: the queue was released');
    return request;
  }
  #give(request: InferRequest): void {
    const next = this.#waiting.shift();
    if (next) next(request);
    else this.#idle.push(request);
  }
}
