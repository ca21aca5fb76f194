/** @file Meta-device MULTI: spreads requests over several devices. `MULTI:CPU(4),GPU(2)` names how many may run on each. */
import {
  after,
  all,
  attempt,
  bareDevice,
  CuveeError,
  innerConfig,
  listedDevices,
  type Awaitable,
  type Config,
  type CompileOptions,
  type DeviceModel,
  type DeviceName,
  type DevicePlugin,
  type DeviceRequest,
  type Model,
  type NodeProfile,
  type RunOptions,
  type Support,
  type Tensor,
} from '@cuvee/core';

function listOf(config: Config): readonly DeviceName[] {
  const list = listedDevices('MULTI', config);
  if (list.length === 0) throw new CuveeError('ARGUMENT_INVALID', 'MULTI needs a list of devices: MULTI:CPU,GPU');
  return list;
}

/** One request of a device, busy or not. */
interface Worker {
  readonly device: string;
  readonly request: DeviceRequest;
  busy: boolean;
}

/** Requests of all devices; whoever comes first is served first. */
class Workers {
  readonly #all: readonly Worker[];
  readonly #waiting: ((worker: Worker) => void)[] = [];
  #next = 0;

  constructor(models: readonly Branch[]) {
    // Interleaved, so that a few requests already meet several devices.
    const most = Math.max(...models.map((m) => m.count));
    this.#all = Array.from({ length: most }, (_, k) => models.filter((m) => k < m.count)).flatMap((round) =>
      round.map((m) => ({ device: m.device, request: m.model.createRequest(), busy: false })),
    );
  }

  /** An idle worker, taken; undefined when all are busy. */
  idle(): Worker | undefined {
    for (let i = 0; i < this.#all.length; i++) {
      const worker = this.#all[(this.#next + i) % this.#all.length] as Worker;
      if (worker.busy) continue;
      this.#next = (this.#next + i + 1) % this.#all.length;
      worker.busy = true;
      return worker;
    }
    return undefined;
  }

  /** An idle worker, taken, as soon as there is one. Rejects with the signal's reason. */
  take(signal: AbortSignal | undefined): Promise<Worker> {
    const idle = this.idle();
    if (idle) return Promise.resolve(idle);
    return new Promise((resolve, reject) => {
      const serve = (worker: Worker): void => {
        signal?.removeEventListener('abort', leave);
        resolve(worker);
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(serve), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(serve);
    });
  }

  give(worker: Worker): void {
    const next = this.#waiting.shift();
    if (next) next(worker);
    else worker.busy = false;
  }

  get size(): number {
    return this.#all.length;
  }
  release(): void {
    for (const w of this.#all) w.request.release();
  }
}

/** A request that borrows a worker for each run. Outputs are copied: the worker's memory serves the next one. */
class MultiRequest implements DeviceRequest {
  readonly #workers: Workers;
  lastDevices: readonly string[] = [];
  #profile: readonly NodeProfile[] = [];

  constructor(workers: Workers) {
    this.#workers = workers;
  }

  async run(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[], options: RunOptions): Promise<readonly Tensor[]> {
    const worker = await this.#workers.take(options.signal);
    try {
      return this.#own(await worker.request.run(inputs, outputs, options), outputs, worker);
    } finally {
      this.#workers.give(worker);
    }
  }

  runSync(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[]): readonly Tensor[] {
    const worker = this.#workers.idle();
    if (!worker) throw new CuveeError('BUSY', 'every request of every device is running');
    try {
      if (!worker.request.runSync) throw new CuveeError('SYNC_UNAVAILABLE', `device ${worker.device} runs asynchronously only`);
      return this.#own(worker.request.runSync(inputs, outputs), outputs, worker);
    } finally {
      this.#workers.give(worker);
    }
  }

  #own(results: readonly Tensor[], given: readonly (Tensor | undefined)[], worker: Worker): readonly Tensor[] {
    this.lastDevices = [worker.device];
    this.#profile = worker.request.profile?.() ?? [];
    return results.map((t, i) => (t === given[i] ? t : t.slice()));
  }

  profile(): readonly NodeProfile[] {
    return this.#profile;
  }

  /** Workers belong to the model. */
  release(): void {}
}

/** A model on one of the devices. */
interface Branch {
  readonly device: string;
  readonly model: DeviceModel;
  /** Requests that may run at the same time. */
  readonly count: number;
}

function compile(model: Model, config: Config, { host, signal, paced }: CompileOptions): Awaitable<DeviceModel> {
  if (model.sinks.length > 0)
    throw new CuveeError('MODEL_UNSUPPORTED', `MULTI cannot run "${model.friendlyName}": it has states, and requests move between devices`);
  const models: Branch[] = [];
  const next = ([listed, ...rest]: readonly DeviceName[]): Awaitable<DeviceModel> => {
    if (listed === undefined) return joined(models);
    const device = bareDevice(listed);
    return attempt(
      () => host.compile(model, device, innerConfig(config, device, host), { signal, paced }),
      (compiled) => {
        models.push({ device, model: compiled, count: listed.count ?? compiled.info.optimalRequests });
        return next(rest);
      },
      (error) => {
        for (const m of models) m.model.release();
        throw error;
      },
    );
  };
  return next(listOf(config));
}

function joined(models: readonly Branch[]): DeviceModel {
  const workers = new Workers(models);
  return {
    createRequest: () => new MultiRequest(workers),
    info: { optimalRequests: workers.size, executionDevices: models.map((m) => m.device) },
    explain: () => ({
      summary: { device: 'MULTI', requests: workers.size },
      rows: models.map((m) => ({ device: m.device, requests: m.count })),
    }),
    release() {
      workers.release();
      for (const m of models) m.model.release();
    },
  };
}

/** `new Core({ plugins: [multi(), cpu()] })`. */
export const multi = (): DevicePlugin => ({
  name: 'MULTI',
  version: '0.1.0',
  meta: true,
  properties: {
    PERFORMANCE_HINT: {
      type: 'enum',
      mutability: 'RW',
      words: ['LATENCY', 'THROUGHPUT', 'CUMULATIVE_THROUGHPUT'],
      description: 'What to be fast at; handed to every device',
    },
    INFERENCE_NUM_THREADS: { type: 'int', mutability: 'RW', min: 0, description: 'Compute threads of each device that has such' },
    NUM_STREAMS: { type: 'int', mutability: 'RW', min: -1, description: 'Inferences at the same time on each device that has such' },
    EXECUTION_MODE_HINT: {
      type: 'enum',
      mutability: 'RW',
      words: ['PERFORMANCE', 'ACCURACY'],
      description: 'Speed or accuracy; handed to every device that knows it',
    },
    PERF_COUNT: { type: 'bool', mutability: 'RW', description: 'Measure every step of every inference' },
    INFERENCE_PRECISION_HINT: { type: 'text', mutability: 'RW', description: 'Type of the arithmetic; handed to every device' },
  },
  devices: () => [{ id: '', fullName: 'Several devices at once' }],
  keeps: () => true,
  query: (model, config, { host }) =>
    after(
      all(
        listOf(config)
          .map(bareDevice)
          .map((d) => host.query(model, d, innerConfig(config, d, host))),
      ),
      (supports): Support =>
        new Map(model.nodes().map((node) => [node, supports.map((s) => s.get(node)).find((a) => a !== undefined && a !== true) ?? true])),
    ),
  compile,
});

export default multi;
