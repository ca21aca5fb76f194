/**
 * @file Which branches of a meta-device serve: compiles for them in order or all at once, behind the back of those that serve, and
 * again after they were lost.
 */
import type { Awaitable, DeviceModel } from '../device/contract.js';
import { CuveeError } from '../errors.js';
import { after, all, attempt, isPromise } from '../runtime/awaitable.js';
import { tell, type DeviceEventKind } from '../runtime/events.js';
import { byteSize, uncounted, type ElementType } from '../tensor/element.js';
import { sizeOf } from '../tensor/nd.js';
import { Tensor } from '../tensor/tensor.js';
import type { Branch, Worker } from './branch.js';
import { agreed, isLoss, judged, mayPass, textOf, together } from './failures.js';
import { perform, type RunTerms } from './perform.js';

/** How a compilation is asked for. */
export interface Asked {
  readonly signal?: AbortSignal | undefined;
  readonly paced?: boolean | number | undefined;
}

/** Who may serve, and how they are had. */
export interface SupplyOptions extends RunTerms {
  /** The meta-device, as events and errors name it. */
  readonly by: string;
  /** Most wanted first. */
  readonly branches: readonly Branch[];
  readonly compile: (device: string, asked: Asked) => Awaitable<DeviceModel>;
  /** All serve side by side, each with a number of requests at a time; else the first that works serves alone. */
  readonly spread: boolean;
  /** An inference whose device is lost is repeated elsewhere. */
  readonly repeat: boolean;
}
interface How {
  readonly asked: Asked;
  /** The caller's mistakes are thrown. */
  readonly strict: boolean;
  /** It has to run once before others depend on it. */
  readonly trial?: boolean;
}

const zerosOf = (type: ElementType, shape: readonly number[]): Tensor =>
  type === 'string' ? new Tensor(type, shape) : new Tensor(type, shape, uncounted(byteSize(type, sizeOf(shape))));

/** Milliseconds that a first inference is waited for before the device that is wanted more is compiled. */
const patience = 100;
/** Milliseconds that a compilation may hold the event loop while inferences run. */
const shortBreath = 0.5;

/** See the file. */
export class Supply {
  readonly options: SupplyOptions;
  readonly branches: readonly Branch[];
  /** Told when a branch became ready, or could not: those who wait may be served, or in vain. */
  readonly #changed: () => void;
  readonly #abort = new AbortController();
  /** Branches that could not be had since the last success. */
  readonly #vain = new Set<Branch>();
  /** Some branch may become ready that is not: worth a look at each inference. */
  #restless = false;
  /** Set until the first inference is done: nothing shall compile beside it. */
  #patience: ReturnType<typeof setTimeout> | undefined;
  #last: Branch | undefined;
  /** Types and shapes of the latest inputs, for the trial run of a device that is about to take over. */
  #latest: readonly Pick<Tensor, 'type' | 'shape'>[] | undefined;

  constructor(options: SupplyOptions, changed: () => void) {
    this.options = options;
    this.branches = options.branches;
    this.#changed = changed;
  }

  /** Branches that serve, most wanted first. */
  get ready(): readonly Branch[] {
    return this.branches.filter((b) => b.state === 'ready');
  }

  /** Compiles for the first branch that can. Throws one error of all when none does; at once for the caller's mistakes. */
  startFirst(asked: Asked): Awaitable<void> {
    const next = (i: number): Awaitable<void> => {
      const branch = this.branches[i];
      if (!branch) throw this.#nobody();
      const [trouble] = this.#troubled(branch);
      if (trouble && branch.lastResort) throw trouble.error;
      return after(this.#bring(branch, { asked, strict: true }), (ready) => (ready ? this.#instead(branch) : next(i + 1)));
    };
    return next(0);
  }
  /** Those before a branch that failed, where they should not have; the last one first. */
  #troubled(branch: Branch): readonly Branch[] {
    const before = this.branches.slice(0, this.branches.indexOf(branch));
    return before.filter((b) => b.error !== undefined && judged(b.error) === 'trouble').reverse();
  }
  /** Tells when a branch serves since another failed. */
  #instead(branch: Branch): void {
    const [failed] = this.#troubled(branch);
    if (failed) this.#tell('fallback', branch, textOf(failed.error), failed.device, failed.error);
  }

  /** Compiles for a branch that is quickly there, and behind its back for those that are wanted more. */
  startWith(helper: Branch, asked: Asked): Awaitable<void> {
    if (!asked.paced) {
      // An answer is wanted at once: from a wanted device that gives it, and else while its compilation goes on.
      for (const branch of this.branches.slice(0, this.branches.indexOf(helper))) {
        const brought = this.#bring(branch, { asked: { signal: this.#abort.signal }, strict: true });
        if (brought === true) return undefined;
        if (!isPromise(brought)) continue;
        brought.catch(() => undefined);
        break;
      }
    }
    return after(this.#bring(helper, { asked, strict: true }), (ready): Awaitable<void> => {
      if (!ready) return this.startFirst(asked);
      this.#instead(helper);
      this.#patience = setTimeout(() => this.proceed(), patience);
      // A program that is done need not wait for it; browsers have no such thing.
      (this.#patience as { unref?: () => void }).unref?.();
      return undefined;
    });
  }

  /** Gives a branch a model that was compiled before. */
  startCompiled(branch: Branch, model: DeviceModel): void {
    branch.up(model);
    this.#admit(branch, 'the cache holds the model');
  }

  /** Compiles for all; `mustAll`: one that refuses is an error. Needs at least one. */
  startAll(asked: Asked, mustAll: boolean): Awaitable<void> {
    return attempt(
      () => all(this.branches.map((branch) => this.#bring(branch, { asked, strict: true }))),
      () => {
        const bad = mustAll ? this.branches.find((b) => b.state === 'refused') : undefined;
        if (!bad && this.ready.length > 0) return undefined;
        throw this.#given(bad ? bad.error : this.#nobody());
      },
      (error) => {
        throw this.#given(error);
      },
    );
  }
  #given(error: unknown): unknown {
    this.close();
    this.free();
    return error;
  }

  /** The only branch that is ready, when no other will ever serve and nothing limits it: then there is nothing to schedule. */
  get sole(): Branch | undefined {
    const { deadline, repeat } = this.options;
    const [first] = this.ready;
    const others = this.branches.filter((b) => b !== first && b.state !== 'refused');
    const alone = others.every((b) => b.state === 'standby' && (b.lastResort || !repeat));
    return first && alone && !first.limited && deadline === 0 ? first : undefined;
  }

  /** Whether a branch serves or is about to; begins a compilation where none is. */
  expect(): boolean {
    for (;;) {
      if (this.branches.some((b) => b.state === 'ready' || b.state === 'compiling')) return true;
      if (this.#abort.signal.aborted) return false;
      const { repeat, spread } = this.options;
      const usable = this.branches.filter((b) => (repeat || spread ? !b.lastResort : false) || b === this.#last);
      const next = usable.find((b) => b.state === 'standby') ?? usable.find((b) => b.state === 'lost' && !this.#vain.has(b));
      if (!next) {
        this.#vain.clear();
        return false;
      }
      const brought = this.#bring(next, { asked: { signal: this.#abort.signal, paced: true }, strict: false });
      if (isPromise(brought) || brought) return true;
    }
  }

  /** Compiles now, where the device answers now and it is time to ask it. */
  atOnce(branch: Branch): boolean {
    if (branch.state !== 'standby' && !(branch.state === 'lost' && branch.retryAt <= performance.now())) return false;
    const brought = this.#bring(branch, { asked: {}, strict: false });
    return isPromise(brought) ? false : brought;
  }

  /** Told at the end of each inference: from the first on the others may compile. */
  proceed(): void {
    if (this.#patience === undefined) return;
    clearTimeout(this.#patience);
    this.#patience = undefined;
    // After the caller's turn, who may begin its next inference at once.
    setTimeout(() => this.seek());
  }
  /** Told at the start of each inference: looks after branches that are wanted and not there. */
  heed(inputs: readonly Tensor[]): void {
    if (!this.#restless) return;
    if (this.#patience !== undefined) clearTimeout(this.#patience);
    this.#latest = inputs.map(({ type, shape }) => ({ type, shape }));
    this.seek();
  }
  /** Compiles behind the back of those that serve, for a branch that is wanted more or was lost some time ago. */
  seek(): void {
    if (this.#abort.signal.aborted || this.#patience !== undefined || this.branches.some((b) => b.state === 'compiling')) return;
    const serving = this.branches.findIndex((b) => b.state === 'ready');
    if (serving < 0) return;
    const rank = this.options.spread ? this.branches.length : serving;
    const wanted = this.branches.filter((b, i) => i < rank && (b.state === 'standby' || b.state === 'lost') && !b.lastResort);
    this.#restless = wanted.length > 0;
    const now = performance.now();
    const next = wanted.find((b) => b.state === 'standby' || b.retryAt <= now);
    if (!next) return;
    this.#restless = true;
    const asked = { signal: this.#abort.signal, paced: shortBreath };
    const brought = this.#bring(next, { asked, strict: false, trial: true });
    if (isPromise(brought)) void brought.then(() => this.seek());
    else this.seek();
  }

  /** A branch's device is gone. */
  lost(branch: Branch, error: unknown): void {
    branch.lose(`lost: ${textOf(error)}`, error);
    this.#restless = true;
    this.#tell('lost', branch, textOf(error), undefined, error);
  }
  /** An inference that `from` did not finish goes to another. */
  repeated(branch: Branch, from: string, error: unknown): void {
    this.#tell('fallback', branch, `an inference is repeated: ${textOf(error)}`, from, error);
  }

  /** Begins nothing more. */
  close(): void {
    clearTimeout(this.#patience);
    this.#abort.abort(new CuveeError('CANCELLED', 'the model was released'));
  }
  /** Frees all that was compiled. */
  free(): void {
    for (const branch of this.branches) if (branch.state !== 'refused') branch.down('refused', 'released');
  }

  /** All are lost. */
  nobodyLeft(): CuveeError {
    return together(`no device is left for "${this.options.model}"`, this.#erring(), 'DEVICE_LOST');
  }
  #nobody(): CuveeError {
    const failed = this.#erring();
    return together(`no device runs "${this.options.model}"`, failed, agreed(failed));
  }
  #erring(): readonly Branch[] {
    return this.branches.filter((b) => b.error !== undefined);
  }

  /** Compiles for a branch; whether it is ready then. */
  #bring(branch: Branch, how: How): Awaitable<boolean> {
    const brought = this.#compile(branch, how);
    if (!isPromise(brought)) return brought;
    return brought.then((ready) => {
      if (!ready) this.#changed();
      return ready;
    });
  }
  #compile(branch: Branch, how: How): Awaitable<boolean> {
    const since = performance.now();
    branch.state = 'compiling';
    branch.story = 'is being compiled';
    return attempt(
      () => this.options.compile(branch.device, how.asked),
      (model): Awaitable<boolean> => {
        branch.up(model);
        const because = `compiled in ${(performance.now() - since).toFixed(0)} ms`;
        if (!how.trial || this.ready.length === 0) return this.#admit(branch, because);
        return this.#try(branch).then((good) => good && this.#admit(branch, because));
      },
      (error) => this.#failed(branch, error, how),
    );
  }
  #failed(branch: Branch, error: unknown, { asked, strict }: How): boolean {
    const failure = judged(error);
    this.#vain.add(branch);
    if (mayPass(error)) {
      branch.lose(textOf(error), error);
      this.#restless = true;
    } else branch.down('refused', textOf(error), error);
    if (strict && (failure === 'mistake' || asked.signal?.aborted)) throw error;
    if (failure === 'trouble') this.#tell('lost', branch, textOf(error), undefined, error);
    return false;
  }
  /** One run of zeros in the latest shapes: a device takes over when it has shown that it runs, and is warm. */
  async #try(branch: Branch): Promise<boolean> {
    let worker: Worker | undefined;
    try {
      worker = branch.take();
      const zeros = this.#latest?.map(({ type, shape }) => zerosOf(type, shape));
      if (zeros) await perform(worker, zeros, [], { signal: this.#abort.signal, behind: true }, this.options);
    } catch (error) {
      // What zeros do to a model is no fault of the device; that it is gone is.
      if (isLoss(error)) this.lost(branch, error);
    } finally {
      if (worker) branch.give(worker);
    }
    return branch.state === 'compiling';
  }
  /** The branch serves from now on; without `spread` alone. */
  #admit(branch: Branch, because: string): boolean {
    if (this.#abort.signal.aborted) {
      branch.down('refused', 'released');
      return false;
    }
    const before = this.options.spread ? undefined : this.ready[0];
    branch.state = 'ready';
    branch.error = undefined;
    branch.story = because;
    this.#vain.clear();
    this.#restless = true;
    this.#last = branch;
    if (before && this.branches.indexOf(before) > this.branches.indexOf(branch)) {
      before.down('standby', `served until ${branch.device} was compiled`);
      this.#tell('switched', branch, because, before.device);
    } else this.#tell('selected', branch, [branch.because, because].filter(Boolean).join('; '));
    this.#changed();
    return true;
  }

  #tell(kind: DeviceEventKind, branch: Branch, reason: string, from?: string, error?: unknown): void {
    if (this.#abort.signal.aborted) return;
    const { by, model, level } = this.options;
    tell(
      { kind, model, by, device: branch.device, reason, ...(from !== undefined && { from }), ...(error !== undefined && { error }) },
      level,
    );
  }
}
