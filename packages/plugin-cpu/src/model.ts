/** @file A compiled model and its requests: the contract's side of the native executor. */
import {
  CuveeError,
  shape,
  storageClass,
  Tensor,
  type Config,
  type DeviceModel,
  type DeviceRequest,
  type ElementType,
  type Explanation,
  type ModelInfo,
  type NodeProfile,
  type PortsText,
  type RunOptions,
  type Storage,
  type VariableState,
} from '@cuvee/core';
import type { Compiled } from './compile/compile.js';
import { essenceOf, light, stillWhole, writeBlob, type Essence, type Planned, type StoredPlan } from './blob.js';
import type { EncodedPlan } from './plan/encode.js';
import { hasStringPorts, StringRequest } from './strings.js';
import { version } from './version.js';
import type { PlanState } from './plan/plan.js';
import { explainRows, roofsOf, toldRoofs, type RunLevel } from './explain.js';
import { Idle } from './idle.js';
import { NativeModel, type Addon, type NativeOutput, type NativeRequest, type NativeTensor } from './native.js';
import { division, divisionProperties, type Division } from './threads.js';
import { tuningOf, type Tuning } from './tuning.js';

const priorities = ['LOW', 'MEDIUM', 'HIGH'];

const measures = (config: Config): boolean => config.PERF_COUNT === true || config.ENABLE_PROFILING === true;

/** What a model compiled with this configuration says of itself. */
export function infoOf(config: Config, divided: Division): ModelInfo {
  return {
    optimalRequests: divided.streams,
    executionDevices: ['CPU'],
    properties: {
      ...config,
      ...divisionProperties(divided),
      PERF_COUNT: measures(config),
      INFERENCE_PRECISION_HINT: config.INFERENCE_PRECISION_HINT ?? 'DYNAMIC',
      PERFORMANCE_HINT: config.PERFORMANCE_HINT ?? 'LATENCY',
    },
  };
}

/** A plan as the addon takes it, and the rest for those who ask. */
interface PlanSource extends Pick<StoredPlan, 'encoded' | 'essence' | 'planned'> {
  /** A blob. `weightless`: constants that came from files stay there. */
  readonly save: (weightless: boolean) => Iterable<Uint8Array>;
}

/** One that was just compiled. Its constants go when the addon has them, unless somebody else holds them; a file's are found there again. */
export function compiledSource({ plan, programs, rules }: Planned, encoded: EncodedPlan, ports: PortsText, config: Config): PlanSource {
  const kept: Planned = { plan: light(plan), programs, rules };
  // A cache writes in the same turn, and need not look for constants in files.
  const fresh = config.CACHE_DIR ? new WeakRef({ plan, programs, rules, encoded }) : undefined;
  return {
    encoded,
    essence: essenceOf(kept.plan),
    planned: () => kept,
    save: (weightless) => writeBlob({ engine: version, ports, compiled: (weightless ? undefined : fresh?.deref()) ?? kept }, weightless),
  };
}

/** One out of a blob. */
export function storedSource(stored: StoredPlan, blob: Uint8Array, ports: PortsText): PlanSource {
  let read: Planned | undefined;
  const planned = (): Planned => (read ??= stored.planned());
  const save = (weightless: boolean): Iterable<Uint8Array> => {
    const whole = stillWhole(blob);
    return stored.weightless && !weightless ? writeBlob({ engine: version, ports, compiled: planned() }) : [whole];
  };
  return { encoded: stored.encoded, essence: stored.essence, planned, save };
}

/** A plan that the addon holds. */
export class CpuModel implements DeviceModel {
  readonly info: ModelInfo;
  readonly #addon: Addon;
  readonly #config: Config;
  readonly #native: NativeModel;
  /** Without the constants, which the addon has. */
  readonly #source: Omit<PlanSource, 'encoded'>;
  readonly #ports: PortsText;
  readonly #tuning: Tuning;
  #latest: WeakRef<NativeRequest> | undefined;

  constructor(addon: Addon, { encoded: { bytes, constants }, ...source }: PlanSource, config: Config, ports: PortsText) {
    const divided = division(addon, config);
    this.#tuning = tuningOf(addon, config);
    this.#addon = addon;
    this.#config = config;
    this.#source = source;
    this.#ports = ports;
    this.#native = new NativeModel(addon, bytes, constants, {
      ...divided,
      tune: this.#tuning.tune,
      priority: priorities.indexOf(String(config.MODEL_PRIORITY ?? 'MEDIUM')) - 1,
      memoryLimit: Number(config.CUVEE_MEMORY_LIMIT ?? 0),
      flushDenormals: config.CPU_DENORMALS_OPTIMIZATION === true,
      accurate: config.EXECUTION_MODE_HINT === 'ACCURACY',
      profile: measures(config),
      strips: config.CUVEE_FUSION === false ? 'NEVER' : ((config.CUVEE_STRIPS as 'AUTO' | 'ALWAYS' | 'NEVER' | undefined) ?? 'AUTO'),
      describeShape: (failure, path) => shape.failureMessage(programAt(source.planned().programs, path), failure),
    });
    this.info = infoOf(config, divided);
  }

  createRequest(): DeviceRequest {
    const native = this.#native.createRequest();
    this.#latest = new WeakRef(native);
    const request = new CpuRequest(native, this.#source, Number(this.#config.CUVEE_IDLE_TRIM_MS ?? 5000), this.#tuning);
    return hasStringPorts(this.#ports) ? new StringRequest(request, this.#ports) : request;
  }

  /**
   * Kernel variants, strips and memory as the latest request chose them for the shapes of its last run; compiled with PERF_COUNT, also
   * each step's time and how near it came to what this machine can do (then measured, once in a process).
   */
  explain(): Explanation {
    const { plan, rules } = this.#source.planned();
    const details = this.#native.details;
    const request = this.#latest?.deref();
    const levels = lastRun(request);
    const memory = levels && { arena: sum(levels.map((l) => l.arena)), 'arena lower bound': sum(levels.map((l) => l.lowerBound)) };
    const measured = levels && measures(this.#config) ? request?.profile() : undefined;
    const roofs = measured && roofsOf(this.#addon, details.threads);
    return {
      summary: {
        device: 'CPU',
        isa: plan.isa.name,
        threads: details.threads,
        streams: details.streams,
        steps: sum(plan.levels.map((l) => l.steps.length)),
        ...measuredKernels(levels),
        levels: plan.levels.length,
        memory: details.memory,
        ...memory,
        ...(roofs && toldRoofs(roofs)),
        ...Object.fromEntries([...rules].map(([rule, n]) => [`rule: ${rule}`, n])),
      },
      rows: explainRows(plan, levels, measured, roofs),
    };
  }

  save(): Iterable<Uint8Array> {
    return this.#source.save(this.#config.CACHE_MODE === 'OPTIMIZE_SIZE');
  }

  release(): void {
    this.#native.release();
  }
}

/** What the request tells of its last run; undefined when there was none, or it runs at present. */
function lastRun(request: NativeRequest | undefined): readonly RunLevel[] | undefined {
  try {
    const { levels } = JSON.parse(request?.explain() ?? '{"levels":[]}') as { levels: readonly RunLevel[] };
    return levels[0]?.steps.some((s) => s.kernel !== undefined) ? levels : undefined;
  } catch (error) {
    if (error instanceof CuveeError) return undefined;
    throw error;
  }
}

/** How many layers have a kernel that a measurement chose. */
function measuredKernels(levels: readonly RunLevel[] | undefined): Explanation['summary'] {
  const count = sum((levels ?? []).map((l) => l.steps.filter((s) => s.kernel?.includes(', measured')).length));
  return count > 0 ? { 'kernels measured': count } : {};
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** The shape program of the plan or, by the path, of a sub-plan. */
const programAt = (programs: Compiled['programs'], path: readonly number[]): shape.ShapeProgram =>
  path.reduce((p, i) => p.plans[i] ?? p, programs).program;

class CpuRequest implements DeviceRequest {
  readonly #native: NativeRequest;
  readonly #essence: Essence;
  readonly #planned: () => Planned;
  readonly states: readonly VariableState[];
  /** The last run's results as they came, when none went into memory of the caller, and the tensors over them. */
  #results: readonly NativeOutput[] | undefined;
  #made: readonly Tensor[] = [];
  readonly #idle: Idle;
  readonly #tuning: Tuning | undefined;

  constructor(
    native: NativeRequest,
    { essence, planned }: Pick<PlanSource, 'essence' | 'planned'>,
    idleMilliseconds: number,
    tuning: Tuning,
  ) {
    this.#native = native;
    this.#tuning = tuning.tune ? tuning : undefined;
    // The timer must not keep a request that the program dropped.
    const weak = new WeakRef(native);
    this.#idle = new Idle(idleMilliseconds, () => weak.deref()?.rest());
    this.#essence = essence;
    this.#planned = planned;
    this.states = essence.states.map((state, i) => stateOf(native, state, i));
  }

  async run(
    inputs: readonly Tensor[],
    outputs: readonly (Tensor | undefined)[],
    { signal, behind }: RunOptions,
  ): Promise<readonly Tensor[]> {
    signal?.throwIfAborted();
    const cancel = (): void => this.#native.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return this.#tensors(await this.#native.run(inputs.map(toNative), memoriesOf(outputs), behind), outputs);
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.#idle.used();
      this.#tuning?.keep();
    }
  }

  runSync(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[]): readonly Tensor[] {
    this.#idle.used();
    const results = this.#native.runSync(inputs.map(toNative), memoriesOf(outputs));
    this.#tuning?.keep();
    return this.#tensors(results, outputs);
  }

  /** Results as tensors; one written into the caller's memory is the caller's tensor when its shape is still right. */
  #tensors(results: readonly NativeOutput[], given: readonly (Tensor | undefined)[]): readonly Tensor[] {
    const free = !given.some(isGiven);
    if (free && results === this.#results && results.every(({ dims }, i) => hasShape(this.#made[i], dims))) return this.#made;
    this.#results = free ? results : undefined;
    this.#made = results.map((result, i) => {
      const mine = given[i];
      const type = this.#essence.outputs[i] as ElementType;
      if (!result.buffer) return mine && mine.shape.join() === result.dims.join() ? mine : new Tensor(type, result.dims, mine?.data);
      const fresh = new Tensor(type, result.dims, storageOf(type, result.buffer, result.bytes));
      if (!mine || mine.type !== type || mine.shape.join() !== fresh.shape.join()) return fresh;
      mine.data = fresh.data;
      return mine;
    });
    return this.#made;
  }

  profile(): readonly NodeProfile[] {
    const steps = this.#planned().plan.levels.flatMap((l) => l.steps);
    return this.#native.profile().map(({ nanoseconds, kernel }, i) => ({
      name: steps[i]?.origin.join(' ') ?? '',
      type: steps[i]?.op ?? '',
      kernel,
      microseconds: nanoseconds / 1000,
    }));
  }

  release(): void {
    this.#idle.end();
    this.#results = undefined;
    this.#made = [];
    this.#native.release();
  }
}

const toNative = (tensor: Tensor): NativeTensor => ({ data: tensor.data as Exclude<Storage, string[]>, dims: tensor.shape });
const none: readonly undefined[] = [];
const memoriesOf = (tensors: readonly (Tensor | undefined)[]): readonly (ArrayBufferView | undefined)[] =>
  tensors.some(isGiven) ? tensors.map(memoryOf) : none;
const isGiven = (tensor: Tensor | undefined): boolean => tensor !== undefined;

/** Whether a tensor, which a caller may have reshaped, has the dimensions. */
function hasShape(tensor: Tensor | undefined, dims: readonly number[]): boolean {
  const shape = tensor?.shape;
  if (shape?.length !== dims.length) return false;
  for (let i = 0; i < dims.length; i++) if (shape[i] !== dims[i]) return false;
  return true;
}

const memoryOf = (tensor: Tensor | undefined): ArrayBufferView | undefined =>
  tensor && !Array.isArray(tensor.data) ? tensor.data : undefined;

function storageOf(type: ElementType, buffer: ArrayBuffer, bytes: number): Storage {
  const Class = storageClass(type);
  return new Class(buffer, 0, bytes / Class.BYTES_PER_ELEMENT);
}

const stateOf = (native: NativeRequest, state: PlanState, index: number): VariableState => ({
  name: state.name,
  get() {
    const { dims, data } = native.getState(index);
    return new Tensor(state.type, dims, storageOf(state.type, data.slice(0), data.byteLength));
  },
  set(value) {
    if (value.type !== state.type)
      throw new CuveeError('TYPE_MISMATCH', `state "${state.name}" is ${state.type}, the tensor is ${value.type}`);
    native.setState(index, value.shape, value.data as Exclude<Storage, string[]>);
  },
  reset: () => native.resetState(index),
});
