/** @file One inner device of a meta-device: whether the model is compiled for it, its requests, and what it did so far. */
import type { DeviceModel, DeviceRequest } from '../device/contract.js';
import { loadOf, type Load } from '../runtime/load.js';

/** `standby`: not compiled, to be asked when needed. `lost`: to be tried again after a while. `refused`: never again. */
export type BranchState = 'standby' | 'compiling' | 'ready' | 'lost' | 'refused';

/** Milliseconds before a lost device is tried again, at first; twice as many after each failure. */
const firstPause = 100;
const longestPause = 30_000;

/** One compilation with the requests made of it. It goes when it was dropped and every request is back. */
class Instance {
  readonly model: DeviceModel;
  readonly #idle: DeviceRequest[] = [];
  #out = 0;
  #dropped = false;

  constructor(model: DeviceModel) {
    this.model = model;
  }
  /** Requests that are out. */
  get out(): number {
    return this.#out;
  }
  take(): DeviceRequest {
    const request = this.#idle.pop() ?? this.model.createRequest();
    this.#out++;
    return request;
  }
  give(request: DeviceRequest): void {
    this.#out--;
    if (this.#dropped) this.#free(request);
    else this.#idle.push(request);
  }
  drop(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#free(...this.#idle.splice(0));
  }
  /** What a lost device throws when it lets go of something is nobody's concern. */
  #free(...requests: readonly DeviceRequest[]): void {
    const things = this.#out === 0 ? [...requests, this.model] : requests;
    for (const thing of things) {
      try {
        thing.release();
      } catch {
        // it is gone
      }
    }
  }
}

/** A request that was taken from a branch, to be given back. */
export interface Worker {
  readonly branch: Branch;
  readonly instance: Instance;
  readonly request: DeviceRequest;
  /** A run that nobody waits for any longer: the request is not free before it settles. */
  abandoned?: Promise<unknown>;
}

/** How a branch is made. */
export interface BranchOptions {
  /** Text as `DeviceHost` takes it. */
  readonly device: string;
  /** Requests at a time; undefined: as many as the device calls best. */
  readonly workers?: number | undefined;
  /** Takes the model only where all others refuse it: it must not hide their trouble. */
  readonly lastResort?: boolean | undefined;
  /** Why it stands where it stands in the order. */
  readonly because?: string | undefined;
}

/** See the file. States and figures are written by the scheduler alone. */
export class Branch {
  readonly device: string;
  readonly because: string;
  readonly lastResort: boolean;
  readonly load: Load;
  state: BranchState = 'standby';
  /** What became of it, for people. */
  story = 'not asked yet';
  error: unknown;
  /** When a lost one may be tried again, by `performance.now()`. */
  retryAt = 0;
  served = 0;
  losses = 0;
  /** Of all runs that were served. */
  milliseconds = 0;
  readonly #wanted: number | undefined;
  #instance: Instance | undefined;
  /** Milliseconds that it stayed away the last time. */
  #pause = 0;
  /** When its compiled model came. */
  #since = 0;
  #measures = false;

  constructor({ device, workers, lastResort = false, because = '' }: BranchOptions) {
    this.device = device;
    this.because = because;
    this.lastResort = lastResort;
    this.load = loadOf(device);
    this.#wanted = workers;
  }

  /** The compiled model, where there is one. */
  get model(): DeviceModel | undefined {
    return this.#instance?.model;
  }
  /** Requests that may be out at the same time; 0 before it is compiled. */
  get workers(): number {
    return this.#instance ? (this.#wanted ?? Math.max(1, this.#instance.model.info.optimalRequests)) : 0;
  }
  /** Whether the number of requests at a time was given. */
  get limited(): boolean {
    return this.#wanted !== undefined && Number.isFinite(this.#wanted);
  }
  get free(): boolean {
    return this.state === 'ready' && (this.#instance as Instance).out < this.workers;
  }

  /** A request. Throws what the device throws that cannot make one. */
  take(): Worker {
    const instance = this.#instance as Instance;
    return { branch: this, instance, request: instance.take() };
  }
  /** The request is free for the next, or goes when its device was lost meanwhile. */
  give({ instance, request, abandoned }: Worker): void {
    const back = (): void => instance.give(request);
    if (abandoned) abandoned.then(back, back);
    else back();
  }
  /** Whether a worker is of the compilation that serves now, not of an earlier one. */
  isCurrent({ instance }: Worker): boolean {
    return instance === this.#instance;
  }

  /** It has a compiled model from now on. */
  up(model: DeviceModel): void {
    this.#instance = new Instance(model);
    this.#since = performance.now();
    this.#measures = model.info.properties?.PERF_COUNT !== false;
  }
  /** Whether its requests may have figures of their steps to tell. */
  get measures(): boolean {
    return this.#measures;
  }
  /** Its compiled model goes once all requests are back. */
  down(state: BranchState, story: string, error?: unknown): void {
    this.#instance?.drop();
    this.#instance = undefined;
    this.state = state;
    this.story = story;
    this.error = error;
  }
  /** `down`, to be tried again after a pause that doubles each time; from the beginning where it was up for longer than it was away. */
  lose(story: string, error: unknown): void {
    const now = performance.now();
    if (this.#instance && now - this.#since > this.#pause) this.#pause = 0;
    this.#pause = Math.min(longestPause, this.#pause * 2 || firstPause);
    this.losses++;
    this.retryAt = now + this.#pause;
    this.down('lost', story, error);
  }
  /** A run ended well. */
  count(milliseconds: number): void {
    this.served++;
    this.milliseconds += milliseconds;
  }
  /** The compiled model, which is the caller's from now on. */
  yieldModel(): DeviceModel {
    const { model } = this.#instance as Instance;
    this.#instance = undefined;
    return model;
  }
}
