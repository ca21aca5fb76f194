/** @file Requests that wait together, and run together. Nobody waits for a batch to be full when nobody else can come. */
import { CuveeError, Tensor, watched, type Awaitable, type DeviceModel, type DeviceRequest, type NodeProfile } from '@cuvee/core';
import { gather, rowsIn } from './gather.js';

/** One inference that waits or runs. */
export interface Item {
  readonly caller: Caller;
  readonly inputs: readonly Tensor[];
  readonly given: readonly (Tensor | undefined)[];
  readonly signal: AbortSignal | undefined;
  readonly rows: number;
  /** Inferences of one shape go together. */
  readonly shape: string;
  readonly since: number;
  /** Both do nothing once it ended, be it by an abort. */
  resolve(outputs: readonly Tensor[]): void;
  reject(error: unknown): void;
  ended: boolean;
  /** Where it is: nowhere yet, with the device alone, or in a batch. */
  state: 'waits' | 'alone' | Company;
}

/** A batch that runs. */
interface Company {
  readonly items: readonly Item[];
  readonly abort: AbortController;
}

/** One who asks: a request, with what is known of its rhythm. */
export interface Caller {
  /** Runs its inferences when they run alone. */
  readonly alone: DeviceRequest;
  /** Milliseconds from one end to the next inference; undefined until known. */
  pause: number | undefined;
  /** When its last inference ended; undefined while one waits or runs. */
  idleSince: number | undefined;
  /** Of its last inference, where it was one of a batch. */
  profile: readonly NodeProfile[] | undefined;
  lastDevices: readonly string[] | undefined;
}

/** How batches are made. */
export interface Settings {
  /** Rows of a full batch. */
  readonly most: number;
  /** Whether every batch has so many rows, because the device takes no other number. */
  readonly fixed: boolean;
  /** For each output of the model: length of one row; undefined for what is the same for all rows. */
  readonly blocks: readonly (number | undefined)[];
  /** Whether steps are measured. */
  readonly profiled: boolean;
  /** What runs are told of with: friendly name of the model, the device's text, rank of LOG_LEVEL. */
  readonly model: string;
  readonly device: string;
  level: number;
  /** Milliseconds for which an inference waits for others. */
  timeout: number;
}

/** A request of the batched model, with its input tensors. */
interface Worker {
  readonly request: DeviceRequest;
  readonly inputs: readonly Tensor[];
}

/** What happened so far. */
export interface Figures {
  batches: number;
  rows: number;
  alone: number;
}

/** After what is ready has run, timers not among it. */
const later: (work: () => void) => unknown =
  (globalThis as { setImmediate?: (work: () => void) => unknown }).setImmediate ?? ((work) => setTimeout(work));

export class Batcher {
  readonly settings: Settings;
  readonly figures: Figures = { batches: 0, rows: 0, alone: 0 };
  readonly #many: DeviceModel;
  readonly #idle: Worker[] = [];
  #released = false;
  readonly #callers = new Set<Caller>();
  readonly #waiting: Item[] = [];
  readonly #types: readonly Tensor['type'][];
  /** Inferences or batches that may begin now. */
  #free: number;
  /** A look at those who wait is due already. */
  #due = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Milliseconds that inferences and batches took of late: waiting for longer than that never pays. */
  #took = 0;

  constructor(many: DeviceModel, types: readonly Tensor['type'][], settings: Settings, streams: number) {
    this.#many = many;
    this.#types = types;
    this.settings = settings;
    this.#free = streams;
  }

  /** A run of so many rows, which those who listen hear of. */
  watch<T>(rows: number, run: () => Awaitable<T>): Awaitable<T> {
    const { model, device, level } = this.settings;
    return watched('run', level, () => ({ model, device, details: { rows } }), run);
  }

  get isFree(): boolean {
    return this.#free > 0;
  }

  enter(caller: Caller): void {
    this.#callers.add(caller);
  }
  leave(caller: Caller): void {
    this.#callers.delete(caller);
  }

  /** Takes the device at once for a caller that has no company to wait for, and says when. Whoever is told so calls `finish`. */
  begin(caller: Caller): number | undefined {
    if (this.#free === 0 || this.#due || this.#waiting.length > 0) return undefined;
    const now = performance.now();
    if (this.#callers.size > 1) {
      const idle = caller.idleSince;
      caller.idleSince = undefined;
      const until = this.#waitUntil(now, now);
      caller.idleSince = idle;
      if (until > now) return undefined;
    }
    this.#comes(caller, now);
    this.#free--;
    this.figures.alone++;
    return now;
  }

  /** What `begin` took is free again; `began` is what it said. */
  finish(caller: Caller, began: number): void {
    const now = performance.now();
    caller.profile = undefined;
    caller.lastDevices = caller.alone.lastDevices;
    this.#give(1, began, now);
    caller.idleSince = now;
  }

  /** An inference begins to wait. */
  add(item: Item): void {
    this.#comes(item.caller, item.since);
    this.#waiting.push(item);
    if (!this.#due) this.#look();
  }

  /** Learns a caller's rhythm. */
  #comes(caller: Caller, now: number): void {
    if (caller.idleSince !== undefined) {
      const pause = now - caller.idleSince;
      caller.pause = caller.pause === undefined ? pause : (caller.pause + pause) / 2;
    }
    caller.idleSince = undefined;
  }

  /** An inference is wanted no more: it leaves those who wait, or its batch, which stops when all of it left. */
  drop(item: Item): void {
    const at = this.#waiting.indexOf(item);
    if (at >= 0) this.#waiting.splice(at, 1);
    item.caller.idleSince = performance.now();
    if (typeof item.state === 'object' && item.state.items.every((other) => other === item || other.ended))
      item.state.abort.abort(item.signal?.reason);
  }

  /** Starts what should not wait longer. `all`: whoever could come has come. */
  #look(all = false): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#free > 0 && this.#waiting.length > 0) {
      const { items, full } = this.#next();
      const now = performance.now();
      const until = full || all ? now : this.#waitUntil((items[0] as Item).since, now);
      if (until > now) {
        // Timers are too coarse for less than a millisecond.
        if (until - now < 1) this.#turn();
        else this.#timer = setTimeout(() => this.#look(), until - now);
        return;
      }
      for (const item of items) this.#waiting.splice(this.#waiting.indexOf(item), 1);
      this.#free--;
      void this.#run(items, now);
    }
  }

  /** The device is free again. Told before callers get their results, since they may ask again at once. */
  #give(count: number, began: number, now = performance.now()): void {
    this.#took += (now - began - this.#took) / 4;
    this.#free++;
    // Those of a batch ask again before the event loop turns; then it is known who comes.
    if (count > 1 || this.#waiting.length > 0) this.#turn();
  }

  #turn(): void {
    if (this.#due) return;
    this.#due = true;
    later(() => {
      this.#due = false;
      this.#look(this.settings.timeout === 0);
    });
  }

  /** The longest waiting, and those of its shape that fit into a batch with it. */
  #next(): { readonly items: readonly Item[]; readonly full: boolean } {
    const [first] = this.#waiting as [Item];
    const items = [first];
    let { rows } = first;
    for (const item of this.#waiting) {
      if (item === first || item.shape !== first.shape) continue;
      if (rows + item.rows > this.settings.most) return { items, full: true };
      items.push(item);
      rows += item.rows;
    }
    return { items, full: rows >= this.settings.most };
  }

  /** When the last of those who pause now can be expected, going by their rhythm; not later than waiting pays, or is allowed. */
  #waitUntil(since: number, now: number): number {
    let until = now;
    for (const { idleSince, pause } of this.#callers) {
      if (idleSince !== undefined && pause !== undefined && pause < this.#took) until = Math.max(until, idleSince + 2 * pause + 0.5);
    }
    return Math.min(until, since + this.settings.timeout, since + this.#took);
  }

  async #run(items: readonly Item[], began: number): Promise<void> {
    const [first] = items as readonly [Item];
    if (items.length === 1 && !(first.rows > 1 && this.settings.fixed)) return this.#alone(first, () => this.#give(1, began));
    const worker = this.#idle.pop() ?? this.#newWorker();
    let parts: readonly (readonly Tensor[])[];
    try {
      parts = await this.#together(worker, items);
    } catch (error) {
      this.#back(worker);
      // A lost device is lost for each; of anything else one inference may be the cause, and it alone shall fail.
      const lost = error instanceof CuveeError && error.code === 'DEVICE_LOST';
      if (!lost) for (const item of items) if (!item.ended) await this.#alone(item);
      this.#give(items.length, began);
      for (const item of items) this.#end(item, () => item.reject(error));
      return;
    }
    const profile = this.settings.profiled ? (worker.request.profile?.() ?? []) : [];
    this.#back(worker);
    this.#give(items.length, began);
    items.forEach((item, i) => {
      if (item.ended) return;
      item.caller.profile = profile;
      item.caller.lastDevices = worker.request.lastDevices;
      this.#end(item, () => item.resolve(parts[i] as readonly Tensor[]));
    });
  }

  /** A batch that all callers left may end after the release. */
  #back(worker: Worker): void {
    if (this.#released) worker.request.release();
    else this.#idle.push(worker);
  }
  #newWorker(): Worker {
    return { request: this.#many.createRequest(), inputs: this.#types.map((type) => new Tensor(type, [0])) };
  }

  /** `ended`: told when the device has ended, before the caller is. */
  async #alone(item: Item, ended: () => void = () => undefined): Promise<void> {
    const { caller, inputs, given, signal } = item;
    item.state = 'alone';
    this.figures.alone++;
    let tell: () => void;
    try {
      const outputs = await this.watch(item.rows, () => caller.alone.run(inputs, given, { signal }));
      caller.profile = undefined;
      caller.lastDevices = caller.alone.lastDevices;
      tell = () => item.resolve(outputs);
    } catch (error) {
      tell = () => item.reject(error);
    }
    ended();
    this.#end(item, tell);
  }

  /** Outputs of each; none for those who left meanwhile. */
  async #together(worker: Worker, items: readonly Item[]): Promise<readonly (readonly Tensor[])[]> {
    const rows = items.reduce((sum, item) => sum + item.rows, 0);
    const { most, fixed, blocks } = this.settings;
    const size = fixed ? most : rows;
    worker.inputs.forEach((tensor, i) =>
      gather(
        items.map((item) => item.inputs[i] as Tensor),
        tensor,
        size,
      ),
    );
    const company: Company = { items, abort: new AbortController() };
    for (const item of items) item.state = company;
    const given = blocks.map(() => undefined);
    const outputs = await this.watch(rows, () => worker.request.run(worker.inputs, given, { signal: company.abort.signal }));
    outputs.forEach((whole, i) => {
      const block = blocks[i];
      if (block !== undefined && whole.shape[0] !== size * block)
        throw new CuveeError('INTERNAL', `a batch of ${size} rows gave ${whole.shape[0]} in output ${i}, expected ${size * block}`);
    });
    this.figures.batches++;
    this.figures.rows += rows;
    let from = 0;
    return items.map((item) => {
      const at = from;
      from += item.rows;
      if (item.ended) return [];
      return outputs.map((whole, i) => {
        const block = blocks[i];
        return block === undefined ? whole.slice() : rowsIn(whole, at * block, item.rows * block, item.given[i]);
      });
    });
  }

  #end(item: Item, tell: () => void): void {
    if (item.ended) return;
    item.caller.idleSince = performance.now();
    tell();
  }

  release(): void {
    this.#released = true;
    clearTimeout(this.#timer);
    for (const { request } of this.#idle) request.release();
    this.#idle.length = 0;
  }
}
