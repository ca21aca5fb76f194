/** @file A request of a meta-device: borrows a worker for each run, and keeps its outputs apart from the worker's. */
import type { DeviceRequest, NodeProfile, RunOptions } from '../device/contract.js';
import { placed } from '../device/placed.js';
import type { ElementType } from '../tensor/element.js';
import { Tensor } from '../tensor/tensor.js';
import type { Worker } from './branch.js';
import type { Scheduler } from './scheduler.js';

type Given = readonly (Tensor | undefined)[];

/** What an output will be, where that is known before anything runs. */
export type Foreseen = { readonly type: ElementType; readonly shape: readonly number[] } | undefined;

/**
 * Devices write into tensors of the request itself where they can (or into the user's), so that nothing is copied, but for the first run
 * where shapes are not known before: a worker's own memory serves the next inference, while outputs stay valid until the next run of this
 * request.
 */
export class ScheduledRequest implements DeviceRequest {
  readonly #scheduler: Scheduler;
  readonly #foreseen: readonly Foreseen[];
  /** Outputs of the last run. */
  #kept: Given = [];
  #devices: readonly string[] | undefined;
  #steps: { readonly device: string; readonly rows: readonly NodeProfile[] } = { device: '', rows: [] };

  constructor(scheduler: Scheduler, foreseen: readonly Foreseen[]) {
    this.#scheduler = scheduler;
    this.#foreseen = foreseen;
  }

  run(inputs: readonly Tensor[], outputs: Given, options: RunOptions): Promise<readonly Tensor[]> {
    let offered: Given | undefined;
    // A device that hangs or is lost may write later: what it was given is not given to another, nor to the user.
    const offer = (): Given => (offered = offered || this.#scheduler.options.deadline > 0 ? [] : this.#offer(inputs, outputs));
    return this.#scheduler.run(inputs, offer, options, (results, worker) => this.#take(results, offered ?? [], outputs, worker));
  }

  runSync(inputs: readonly Tensor[], outputs: Given): readonly Tensor[] {
    let offered: Given = [];
    const offer = (): Given => (offered = this.#offer(inputs, outputs));
    return this.#scheduler.runSync(inputs, offer, (results, worker) => this.#take(results, offered, outputs, worker));
  }

  /** Devices that served the last run. */
  get lastDevices(): readonly string[] | undefined {
    return this.#devices;
  }
  profile(): readonly NodeProfile[] {
    const { device, rows } = this.#steps;
    return rows.map((row) => ({ device, ...row }));
  }
  /** Workers belong to the model. */
  release(): void {
    this.#kept = [];
  }

  /** The user's tensors, and this request's own where the user gave none and the inputs do not lie in them. */
  #offer(inputs: readonly Tensor[], given: Given): Given {
    return this.#foreseen.map((foreseen, i) => {
      const kept = this.#kept[i];
      if (given[i]) return given[i];
      if (kept) return isWhole(kept) && !inputs.some((t) => shareMemory(t, kept)) ? kept : undefined;
      return foreseen && new Tensor(foreseen.type, foreseen.shape);
    });
  }

  /** What the device gave, out of its reach. */
  #take(results: readonly Tensor[], offered: Given, given: Given, { branch, request }: Worker): readonly Tensor[] {
    this.#devices = request.lastDevices ?? branch.model?.info.executionDevices ?? [branch.device];
    this.#steps = { device: branch.device, rows: (branch.measures ? request.profile?.() : undefined) ?? [] };
    const own = results.map((result, i) => {
      const user = given[i];
      const there = offered[i];
      const at = placed(result, user);
      if (at === user) return at;
      return there && shareMemory(result, there) ? result : result.slice();
    });
    this.#kept = own.map((tensor, i) => (tensor === given[i] ? undefined : tensor));
    return own;
  }
}

const shareMemory = (a: Tensor, b: Tensor): boolean =>
  Array.isArray(a.data) || Array.isArray(b.data) ? a.data === b.data : a.data.buffer === b.data.buffer;
/** A tensor whose memory was transferred away has none. */
const isWhole = (tensor: Tensor): boolean => Array.isArray(tensor.data) || tensor.data.byteLength === tensor.byteLength;
