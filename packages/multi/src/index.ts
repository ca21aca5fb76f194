/** @file Meta-device MULTI: spreads requests over several devices. `MULTI:CPU(4),GPU(2)` names how many may run on each. */
import {
  CuveeError, parseDevice, printDevice,
  type Config, type CompileOptions, type DeviceModel, type DeviceName, type DevicePlugin, type DeviceRequest, type Model, type RunOptions, type Support, type Tensor,
} from '@cuvee/core';

const listOf = (config: Config): readonly DeviceName[] => {
  const text = String(config.MULTI_DEVICE_PRIORITIES ?? '');
  const list = text === '' ? [] : (parseDevice(`MULTI:${text}`).list ?? []);
  if (list.length === 0) throw new CuveeError('ARGUMENT_INVALID', 'MULTI needs a list of devices: MULTI:CPU,GPU');
  return list;
};
const bare = ({ name, id, list }: DeviceName): string => printDevice({ name, id, ...(list && { list }) }, true);

function innerConfig(config: Config, device: DeviceName): Config {
  const { MULTI_DEVICE_PRIORITIES: _list, DEVICE_PROPERTIES: own, DEVICE_ID: _id, ...rest } = config;
  return { ...rest, ...((own as Record<string, Config> | undefined)?.[device.name] ?? {}) };
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

  constructor(models: readonly { readonly device: string; readonly model: DeviceModel; readonly count: number }[]) {
    // Interleaved, so that a few requests already meet several devices.
    const most = Math.max(...models.map((m) => m.count));
    this.#all = Array.from({ length: most }, (_, k) => models.filter((m) => k < m.count)).flatMap((round) => round.map((m) => ({ device: m.device, request: m.model.createRequest(), busy: false })));
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
    return results.map((t, i) => (t === given[i] ? t : t.slice()));
  }

  release(): void {}
}

async function compile(model: Model, config: Config, { host, signal }: CompileOptions): Promise<DeviceModel> {
  if (model.sinks.length > 0) throw new CuveeError('MODEL_UNSUPPORTED', `MULTI cannot run "${model.friendlyName}": it has states, and requests move between devices`);
  const models: { device: string; model: DeviceModel; count: number }[] = [];
  try {
    for (const device of listOf(config)) {
      const name = bare(device);
      const compiled = await host.compile(model, name, innerConfig(config, device), { signal });
      models.push({ device: name, model: compiled, count: device.count ?? compiled.info.optimalRequests });
    }
  } catch (error) {
    for (const m of models) m.model.release();
    throw error;
  }
  const workers = new Workers(models);
  return {
    createRequest: () => new MultiRequest(workers),
    info: { optimalRequests: workers.size, executionDevices: models.map((m) => m.device) },
    explain: () => ({ summary: { device: 'MULTI', requests: workers.size }, rows: models.map((m) => ({ device: m.device, requests: m.count })) }),
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
    PERFORMANCE_HINT: { type: 'enum', mutability: 'RW', words: ['LATENCY', 'THROUGHPUT', 'CUMULATIVE_THROUGHPUT'], description: 'What to be fast at; handed to every device' },
    INFERENCE_NUM_THREADS: { type: 'int', mutability: 'RW', min: 0, description: 'Compute threads of each device that has such' },
    INFERENCE_PRECISION_HINT: { type: 'text', mutability: 'RW', description: 'Type of the arithmetic; handed to every device' },
  },
  devices: () => [{ id: '', fullName: 'Several devices at once' }],
  keeps: () => true,
  async query(model, config, { host }): Promise<Support> {
    const all = await Promise.all(listOf(config).map((d) => host.query(model, bare(d), innerConfig(config, d))));
    return new Map(model.nodes().map((node) => [node, all.map((s) => s.get(node)).find((a) => a !== true) ?? true]));
  },
  compile,
});

export default multi;
