/** @file One run on a worker: timed, counted, told of, and within its deadline. */
import { CuveeError } from '../errors.js';
import { began } from '../runtime/events.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Worker } from './branch.js';

/** What a run is told of with, and how long it may take. */
export interface RunTerms {
  /** Friendly name of the model. */
  readonly model: string;
  /** Rank of LOG_LEVEL. */
  readonly level: number;
  /** Milliseconds after which a device that does not answer counts as lost; 0: never. */
  readonly deadline: number;
}
type Given = readonly (Tensor | undefined)[];

/** Runs. Rejects with what the device rejects with, or DEVICE_LOST when it is late: then `worker.abandoned` is the run that goes on. */
export async function perform(
  worker: Worker,
  inputs: readonly Tensor[],
  outputs: Given,
  signal: AbortSignal | undefined,
  { model, level, deadline }: RunTerms,
): Promise<readonly Tensor[]> {
  const { branch, request } = worker;
  const ended = began('run', level, () => ({ model, device: branch.device }));
  const since = performance.now();
  branch.load.enter();
  try {
    const results = await (deadline > 0
      ? inTime(worker, deadline, signal, (own) => request.run(inputs, outputs, { signal: own }))
      : request.run(inputs, outputs, { signal }));
    branch.count(performance.now() - since);
    ended?.();
    return results;
  } catch (error) {
    ended?.(error);
    throw error;
  } finally {
    branch.load.leave();
  }
}

/** The same at once, for a request that can. */
export function performSync(
  { branch, request }: Worker,
  inputs: readonly Tensor[],
  outputs: Given,
  { model, level }: RunTerms,
): readonly Tensor[] {
  const ended = began('run', level, () => ({ model, device: branch.device }));
  const since = performance.now();
  branch.load.enter();
  try {
    const results = (request.runSync as NonNullable<typeof request.runSync>)(inputs, outputs);
    branch.count(performance.now() - since);
    ended?.();
    return results;
  } catch (error) {
    ended?.(error);
    throw error;
  } finally {
    branch.load.leave();
  }
}

/** Gives `work` so many milliseconds, then aborts it. A signal that the caller gave aborts it too. */
function inTime<T>(
  worker: Worker,
  milliseconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const forward = (): void => abort.abort(signal?.reason);
  if (signal?.aborted) forward();
  signal?.addEventListener('abort', forward, { once: true });
  const run = work(abort.signal);
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      const late = new CuveeError('DEVICE_LOST', `${worker.branch.device} did not answer within ${milliseconds} ms`);
      worker.abandoned = run;
      reject(late);
      abort.abort(late);
    }, milliseconds);
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', forward);
    };
    run.then(
      (value) => (done(), resolve(value)),
      (error: unknown) => (done(), reject(error)),
    );
  });
}
