/** @file The device under test, as users reach it and as the contract has it. What a check makes is freed at its end. */
import {
  parseDevice,
  type Awaitable,
  type CompiledModel,
  type Config,
  type ConfigInput,
  type Core,
  type DeviceHost,
  type DeviceModel,
  type DevicePlugin,
  type DeviceRequest,
  type InferRequest,
  type Model,
  Tensor,
} from '@cuvee/core';
import { must, notOffered, spent } from './check.js';
import { parabola, products, vector } from './models.js';

/** Starts a thread that runs the device, where the suite has such: `contract.worker.ts` says what it answers. */
export type StartThread = (task: string) => Promise<Thread>;
export interface Thread {
  /** The next message. Rejects when the thread ends first. */
  next(): Promise<unknown>;
  terminate(): Promise<unknown>;
}

export interface SubjectOptions {
  readonly device: string;
  /** A core of its own for whoever asks: with the device, and nothing set. */
  readonly makeCore: () => Awaitable<Core>;
  /** Properties of devices by name, for every core but those that ask for none. */
  readonly settings?: Readonly<Record<string, ConfigInput>> | undefined;
  readonly startThread?: StartThread | undefined;
}

/** A meta-device that hands its host out: by it the suite meets devices as the contract has them. */
const prober = (take: (host: DeviceHost) => void): DevicePlugin => ({
  name: 'CONTRACT_PROBE',
  version: '1',
  meta: true,
  properties: {},
  devices: () => [{ id: '', fullName: 'Probe of the contract suite' }],
  keeps: () => true,
  query: (model) => new Map(model.nodes().map((node) => [node, true])),
  compile(_model, _config, { host }) {
    take(host);
    const request: DeviceRequest = { run: () => Promise.resolve([]), release: () => undefined };
    return { info: { optimalRequests: 1, executionDevices: [] }, createRequest: () => request, release: () => undefined };
  },
});

export class Subject {
  readonly device: string;
  /** Plugin of the device text. */
  readonly plugin: string;
  readonly core: Core;
  readonly host: DeviceHost;
  readonly startThread: StartThread | undefined;
  readonly #options: SubjectOptions;
  readonly #held: { release(): void }[] = [];

  private constructor(options: SubjectOptions, core: Core, host: DeviceHost) {
    this.device = options.device;
    this.plugin = parseDevice(options.device).name;
    this.startThread = options.startThread;
    this.#options = options;
    this.core = core;
    this.host = host;
  }

  static async of(options: SubjectOptions): Promise<Subject> {
    const core = await options.makeCore();
    for (const [device, properties] of Object.entries(options.settings ?? {})) core.setProperty(device, properties);
    let host: DeviceHost | undefined;
    core.registerPlugin(prober((given) => (host = given)));
    (await core.compileModel(products(1, 1), 'CONTRACT_PROBE')).release();
    must(host, 'the probe was not compiled');
    return new Subject(options, core, host);
  }

  /** Another core with the device, on which nothing is set. */
  bareCore(): Awaitable<Core> {
    return this.#options.makeCore();
  }

  /** Compiled as users do it. */
  async compile(model: Model, config: ConfigInput = {}): Promise<CompiledModel> {
    return this.hold(await this.core.compileModel(model, this.device, config));
  }
  /** Compiled, with a request. */
  async request(model: Model, config: ConfigInput = {}): Promise<InferRequest> {
    return this.hold((await this.compile(model, config)).createInferRequest());
  }
  /** Compiled as devices compile on others: what the plugin itself made. */
  async raw(model: Model, config: Config = {}): Promise<DeviceModel> {
    return this.hold(await this.host.compile(model, this.device, config, { paced: true }));
  }
  /** Frees it at the end of the check. */
  hold<T extends { release(): void }>(one: T): T {
    this.#held.push(one);
    return one;
  }
  /** Skips the check where the device refuses the model. */
  async needs(model: Model): Promise<void> {
    const refused = [...(await this.host.query(model, this.device, {}))].find(([, answer]) => answer !== true);
    if (refused) notOffered(`the device does not run ${refused[0].op.name} (${String(refused[1]).slice(0, 120)})`);
  }

  /** A run that takes so many milliseconds of processor time: what to give, and about how long it lasts. Its result: each row's mean. */
  async slow(least = 40): Promise<SlowRun> {
    await this.needs(products());
    const request = await this.request(products());
    const known = slowRuns.get(this.device);
    let rows = known?.rows ?? 1;
    // As long as an earlier one, or in proportion.
    for (let longer = known?.processor ?? least; longer < least && rows < mostRows; longer *= 2) rows *= 2;
    for (; ; rows *= 2) {
      const x = new Tensor('f32', [rows, 96], new Float32Array(rows * 96).fill(0.5));
      const first = spent();
      await request.inferAsync({ x });
      if (known) return { request, x, milliseconds: (known.milliseconds * rows) / known.rows };
      if (spent() - first < least / 4 && rows < mostRows) continue;
      // the shorter of two runs: what else the process did meanwhile is not the device's
      const runs = [];
      for (let run = 0; run < 2; run++) {
        const [before, start] = [spent(), performance.now()];
        await request.inferAsync({ x });
        runs.push({ processor: spent() - before, milliseconds: performance.now() - start });
      }
      const milliseconds = Math.min(...runs.map((run) => run.milliseconds));
      const processor = Math.min(...runs.map((run) => run.processor));
      if (processor < least && rows < mostRows) continue;
      slowRuns.set(this.device, { rows, processor, milliseconds });
      return { request, x, milliseconds };
    }
  }

  /** Whether the request runs on the calling thread, too. */
  async runsSync(): Promise<boolean> {
    const raw = (await this.raw(parabola())).createRequest();
    const offered = raw.runSync !== undefined;
    raw.release();
    return offered;
  }

  /** Frees what the check left. */
  end(): void {
    for (const one of this.#held.splice(0).reverse()) {
      try {
        one.release();
      } catch {
        // the check that is about this says so
      }
    }
  }
}

const mostRows = 1 << 17;
/** What slow runs took that were measured before, by device: another one need not be. */
const slowRuns = new Map<string, { readonly rows: number; readonly processor: number; readonly milliseconds: number }>();

export interface SlowRun {
  readonly request: InferRequest;
  readonly x: Tensor;
  readonly milliseconds: number;
}
/** Whether the result of a slow run is right: every mean of halves is a half. */
export function isSlowResult(y: Tensor | undefined, { x }: SlowRun, what: string): void {
  must(y, `${what}: there is no output`);
  must(y.shape.join() === x.shape.join(), `${what}: shape [${y.shape.join(',')}]`);
  const data = y.data as Float32Array;
  const wrong = data.findIndex((v) => Math.abs(v - 0.5) > 1e-4);
  must(wrong < 0, `${what}: element ${wrong} is ${data[wrong]}, expected 0.5`);
}
export const anyVector = vector(1, 2, 3);
