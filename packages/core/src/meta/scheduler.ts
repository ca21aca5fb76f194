/**
 * @file Which device runs which inference: one queue over several branches, for AUTO and MULTI. An inference takes the first branch with a
 * free worker, or waits for one; when its device is lost it is repeated on another, before all who wait.
 */
import type { Awaitable, RunOptions } from '../device/contract.js';
import { CuveeError } from '../errors.js';
import { isPromise } from '../runtime/awaitable.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Branch, Worker } from './branch.js';
import { isLoss } from './failures.js';
import { perform, performSync } from './perform.js';
import { Supply, type SupplyOptions } from './supply.js';

/** How inferences find their device. */
export interface SchedulerOptions extends SupplyOptions {
  /** Among free workers: those of the first branch, or each in its turn. */
  readonly policy?: 'DEVICE_PRIORITY' | 'ROUND_ROBIN' | undefined;
}

interface Waiting {
  readonly serve: (worker: Worker) => void;
  readonly reject: (error: unknown) => void;
}
/** Asked for at each try: tensors that a lost device may still write are not given to the next. */
type Outputs = () => readonly (Tensor | undefined)[];
/** Takes what it needs of the results while the worker is still out. */
type Use<T> = (results: readonly Tensor[], worker: Worker) => T;

/** Runs of one inference for each branch, before its caller is told that devices come and go. */
const triesEach = 3;

/** See the file. */
export class Scheduler {
  readonly supply: Supply;
  readonly options: SchedulerOptions;
  readonly #waiting: Waiting[] = [];
  #turn = 0;
  #pending = 0;
  #closed = false;

  constructor(options: SchedulerOptions) {
    this.options = options;
    this.supply = new Supply(options, () => this.#serve());
  }

  /** Inferences that found no free worker yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** One inference. Rejects with what its device rejects with; with DEVICE_LOST when no device is left. */
  async run<T>(inputs: readonly Tensor[], outputs: Outputs, options: RunOptions, use: Use<T>): Promise<T> {
    const { signal } = options;
    this.#begin(inputs);
    try {
      const tries = triesEach * this.options.branches.length;
      for (let n = 1, lost: { device: string; error: unknown } | undefined; ; n++) {
        const taken = this.#take(signal, lost !== undefined);
        const worker = isPromise(taken) ? await taken : taken;
        if (lost) this.supply.repeated(worker.branch, lost.device, lost.error);
        try {
          const done = use(await perform(worker, inputs, outputs(), options, this.options), worker);
          this.#give(worker);
          return done;
        } catch (error) {
          if (!isLoss(error)) {
            this.#give(worker);
            throw error;
          }
          this.#lose(worker, error);
          if (!this.options.repeat || signal?.aborted || n >= tries) throw error;
          lost = { device: worker.branch.device, error };
        }
      }
    } finally {
      this.#end();
    }
  }

  /** The same on this thread. Throws BUSY when no worker is free, SYNC_UNAVAILABLE when no device that is there can. */
  runSync<T>(inputs: readonly Tensor[], outputs: Outputs, use: Use<T>): T {
    this.#begin(inputs);
    try {
      const unable: string[] = [];
      let lost: { device: string; error: unknown } | undefined;
      const branches = this.#inTurn();
      const later = this.options.spread ? [] : branches.filter((b) => b.state !== 'ready');
      for (const branch of [...branches.filter((b) => b.state === 'ready'), ...later]) {
        if (branch.state !== 'ready' && !this.supply.atOnce(branch)) continue;
        if (!branch.free) continue;
        let worker: Worker | undefined;
        try {
          worker = this.#takeFrom(branch);
          if (worker.request.runSync) {
            if (lost) this.supply.repeated(branch, lost.device, lost.error);
            return use(performSync(worker, inputs, outputs(), this.options), worker);
          }
          unable.push(branch.device);
        } catch (error) {
          if (!isLoss(error)) throw error;
          this.supply.lost(branch, error);
          if (!this.options.repeat) throw error;
          lost = { device: branch.device, error };
        } finally {
          if (worker) this.#give(worker);
        }
      }
      if (unable.length > 0) throw new CuveeError('SYNC_UNAVAILABLE', `device ${unable.join(' and ')} runs asynchronously only`);
      if (this.supply.ready.length === 0) throw this.#nobody();
      throw new CuveeError('BUSY', 'every request of every device is running');
    } finally {
      this.#end();
    }
  }

  /** No inference begins from now on; those that began end first, then everything is freed. */
  release(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#pending === 0) this.#free();
  }

  #begin(inputs: readonly Tensor[]): void {
    const { by } = this.options;
    if (this.#closed) throw new CuveeError('ARGUMENT_INVALID', `the model compiled for ${by} was released`);
    this.#pending++;
    this.supply.heed(inputs);
  }
  #end(): void {
    this.supply.proceed();
    if (--this.#pending === 0 && this.#closed) this.#free();
  }
  #free(): void {
    this.supply.close();
    this.supply.free();
  }

  /** Branches in the order in which they are asked now. */
  #inTurn(): readonly Branch[] {
    const { branches, policy } = this.options;
    return policy === 'ROUND_ROBIN' ? [...branches.slice(this.#turn), ...branches.slice(0, this.#turn)] : branches;
  }
  /** A worker of a branch that has one free; the next in turn is the branch after it. */
  #takeFrom(branch: Branch): Worker {
    const worker = branch.take();
    this.#turn = (this.options.branches.indexOf(branch) + 1) % this.options.branches.length;
    return worker;
  }
  /** A free worker; undefined when there is none. */
  #idle(): Worker | undefined {
    for (const branch of this.#inTurn()) {
      if (!branch.free) continue;
      try {
        return this.#takeFrom(branch);
      } catch (error) {
        if (!isLoss(error)) throw error;
        this.supply.lost(branch, error);
      }
    }
    return undefined;
  }
  /** A free worker, now or as soon as there is one; the urgent go before others. */
  #take(signal: AbortSignal | undefined, urgent: boolean): Awaitable<Worker> {
    const idle = this.#idle() ?? (this.supply.expect() ? this.#idle() : undefined);
    if (idle) return idle;
    if (!this.supply.expect()) throw this.#nobody();
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal?.reason);
      };
      const stay = (): void => signal?.removeEventListener('abort', leave);
      const waiting: Waiting = {
        serve: (worker) => {
          stay();
          resolve(worker);
        },
        reject: (error) => {
          stay();
          reject(error);
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      if (urgent) this.#waiting.unshift(waiting);
      else this.#waiting.push(waiting);
    });
  }
  #give(worker: Worker): void {
    worker.branch.give(worker);
    this.#serve();
  }
  /** A worker's device was lost under it; of an earlier compilation that is known already. */
  #lose(worker: Worker, error: unknown): void {
    if (worker.branch.isCurrent(worker)) this.supply.lost(worker.branch, error);
    this.#give(worker);
  }
  /** Hands free workers to those who wait; tells them when there is nothing to wait for. */
  #serve(): void {
    while (this.#waiting.length > 0) {
      let worker: Worker | undefined;
      try {
        worker = this.#idle();
      } catch (error) {
        this.#waiting.shift()?.reject(error);
        continue;
      }
      if (worker) this.#waiting.shift()?.serve(worker);
      else if (this.supply.expect()) {
        if (!this.options.branches.some((b) => b.free)) return;
      } else {
        const nobody = this.#nobody();
        for (const waiting of this.#waiting.splice(0)) waiting.reject(nobody);
      }
    }
  }
  #nobody(): CuveeError {
    return this.supply.nobodyLeft();
  }
}
