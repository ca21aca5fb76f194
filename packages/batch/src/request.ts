/** @file One caller's request: its inferences wait for company, or run alone. */
import { CuveeError, type DeviceRequest, type NodeProfile, type RunOptions, type Tensor } from '@cuvee/core';
import type { Batcher, Caller, Item } from './batcher.js';

let counter = 0;
const rowsOf = (inputs: readonly Tensor[]): number => inputs[0]?.shape[0] ?? 1;

export class BatchRequest implements DeviceRequest {
  readonly #batcher: Batcher;
  readonly #caller: Caller;
  /** Where the device runs on the calling thread: alone. */
  readonly runSync?: NonNullable<DeviceRequest['runSync']>;

  constructor(batcher: Batcher, alone: DeviceRequest) {
    this.#batcher = batcher;
    this.#caller = { alone, pause: undefined, idleSince: undefined, profile: undefined, lastDevices: undefined };
    batcher.enter(this.#caller);
    if (alone.runSync)
      this.runSync = (inputs, outputs) => {
        if (!batcher.isFree) throw new CuveeError('BUSY', 'every inference that the device runs at a time is running');
        const work = (): readonly Tensor[] => (alone.runSync as NonNullable<DeviceRequest['runSync']>)(inputs, outputs);
        const made = batcher.watch(rowsOf(inputs), work) as readonly Tensor[];
        this.#caller.profile = undefined;
        this.#caller.lastDevices = alone.lastDevices;
        return made;
      };
  }

  run(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[], options: RunOptions): Promise<readonly Tensor[]> {
    const began = this.#batcher.begin(this.#caller);
    if (began === undefined) return this.#withOthers(inputs, outputs, options);
    // The short way: as the device itself would, and its own promise.
    const end = (): void => this.#batcher.finish(this.#caller, began);
    try {
      const run = this.#batcher.watch(rowsOf(inputs), () => this.#caller.alone.run(inputs, outputs, options)) as Promise<readonly Tensor[]>;
      run.then(end, end);
      return run;
    } catch (error) {
      end();
      throw error;
    }
  }

  #withOthers(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[], { signal }: RunOptions): Promise<readonly Tensor[]> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const batcher = this.#batcher;
      const rows = rowsOf(inputs);
      const end = (tell: () => void): void => {
        if (item.ended) return;
        item.ended = true;
        signal?.removeEventListener('abort', aborted);
        tell();
      };
      const item: Item = {
        caller: this.#caller,
        inputs,
        given: outputs,
        signal,
        rows,
        // Inputs of unequal rows, of which one is for all of another, are nobody's company.
        shape: inputs.every((t) => t.shape[0] === rows) ? inputs.map((t) => t.shape.slice(1).join()).join(';') : `${counter++}`,
        since: performance.now(),
        resolve: (made) => end(() => resolve(made)),
        reject: (error) => end(() => reject(error as Error)),
        ended: false,
        state: 'waits',
      };
      // One that runs alone is stopped by the device; one of a batch leaves it, and the others go on.
      const aborted = (): void => {
        if (item.state === 'alone') return;
        batcher.drop(item);
        item.reject(signal?.reason);
      };
      signal?.addEventListener('abort', aborted);
      batcher.add(item);
    });
  }

  profile(): readonly NodeProfile[] {
    return this.#caller.profile ?? this.#caller.alone.profile?.() ?? [];
  }
  get lastDevices(): readonly string[] | undefined {
    return this.#caller.lastDevices;
  }

  release(): void {
    this.#batcher.leave(this.#caller);
    this.#caller.alone.release();
  }
}
