/** @file One run on a worker: timed, counted, told of, and within its deadline. */
import type { Awaitable, DeviceRequest, RunOptions } from '../device/contract.js';
import { CuveeError } from '../errors.js';
import { attempt } from '../runtime/awaitable.js';
import { began } from '../runtime/events.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Worker } from './branch.js';

/** What a run is told of with, and how long it may take. */
export interface RunTerms {
  /** Friendly name of the model. */
  readonly model: string;
  /** Rank of LOG_LEVEL, which may change. */
  level: number;
  /** Milliseconds after which a device that does not answer counts as lost; 0: never. */
  readonly deadline: number;
}
/** How many times as long a run may take that stands back for others. */
const patience = 20;
/** Milliseconds by which a timer may be late; beyond them the event loop stood still, an answer may wait in it, and its time is given again. */
const standstill = 5;
type Given = readonly (Tensor | undefined)[];

/** Runs. Rejects with what the device rejects with, or DEVICE_LOST when it is late: then `worker.abandoned` is the run that goes on. */
export const perform = async (
  worker: Worker,
  inputs: readonly Tensor[],
  outputs: Given,
  { signal, behind }: RunOptions,
  terms: RunTerms,
): Promise<readonly Tensor[]> =>
  followed(worker, terms, () => {
    const run = (own: AbortSignal | undefined): Promise<readonly Tensor[]> => worker.request.run(inputs, outputs, { signal: own, behind });
    const deadline = terms.deadline * (behind ? patience : 1);
    return deadline > 0 ? inTime(worker, deadline, signal, run) : run(signal);
  });

/** The same at once, for a request that can. */
export const performSync = (worker: Worker, inputs: readonly Tensor[], outputs: Given, terms: RunTerms): readonly Tensor[] =>
  followed(worker, terms, () => {
    const { request } = worker as { readonly request: Required<Pick<DeviceRequest, 'runSync'>> };
    return request.runSync(inputs, outputs);
  });

/** Work on a worker, from begin to end. */
function followed<T extends Awaitable<readonly Tensor[]>>({ branch }: Worker, { model, level }: RunTerms, work: () => T): T {
  const told = began('run', level, () => ({ model, device: branch.device }));
  const since = performance.now();
  branch.load.enter();
  return attempt(
    work,
    (results) => {
      branch.load.leave();
      branch.count(performance.now() - since);
      told?.();
      return results;
    },
    (error) => {
      branch.load.leave();
      told?.(error);
      throw error;
    },
  ) as T;
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
    let timer: ReturnType<typeof setTimeout>;
    const wait = (left: number): void => {
      const due = performance.now() + left;
      timer = setTimeout(() => {
        const stood = performance.now() - due;
        if (stood > standstill) return wait(stood);
        const late = new CuveeError('DEVICE_LOST', `${worker.branch.device} did not answer within ${milliseconds} ms`);
        worker.abandoned = run;
        reject(late);
        abort.abort(late);
      }, left);
    };
    wait(milliseconds);
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
