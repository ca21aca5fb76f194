/** @file Meta-device HETERO: splits one model over devices. Each node goes to the first device of the list that supports it, or where its `affinity` says. */
import {
  after,
  all,
  attempt,
  bareDevice,
  CuveeError,
  innerConfig,
  listedDevices,
  splitModel,
  Tensor,
  type Awaitable,
  type Config,
  type CompileOptions,
  type DeviceModel,
  type DevicePlugin,
  type DeviceRequest,
  type Model,
  type Node,
  type NodeProfile,
  type Part,
  type RunOptions,
  type Support,
  type Value,
  type VariableState,
} from '@cuvee/core';

function listOf(config: Config): readonly string[] {
  const list = listedDevices('HETERO', config).map(bareDevice);
  if (list.length === 0) throw new CuveeError('ARGUMENT_INVALID', 'HETERO needs a list of devices, the most wanted first: HETERO:NPU,CPU');
  return list;
}

/** The device that a node was given by hand: rt_info `affinity`. */
const affinityOf = (node: Node): string | undefined => node.rtInfo?.affinity?.value;

type Assignment = ReadonlyMap<Node, { readonly device?: string; readonly reason: string }>;

/** For each node: its device, or why none takes it. */
function assign(model: Model, config: Config, { host }: CompileOptions): Awaitable<Assignment> {
  const devices = listOf(config);
  return after(all(devices.map((device) => host.query(model, device, innerConfig(config, device, host)))), (supports) => {
    const answers = devices.map((device, i) => [device, supports[i] as Support] as const);
    return new Map(
      model.nodes().map((node) => {
        const wanted = affinityOf(node);
        const allowed = wanted === undefined ? answers : answers.filter(([device]) => device === wanted);
        if (wanted !== undefined && allowed.length === 0)
          return [node, { reason: `its affinity is ${wanted}, which is not among ${devices.join(', ')}` }];
        const device = allowed.find(([, support]) => (support.get(node) ?? true) === true)?.[0];
        return [node, { ...(device && { device }), reason: allowed.map(([d, s]) => `${d}: ${String(s.get(node))}`).join('; ') }];
      }),
    );
  });
}

/** A part with what runs it. */
interface Stage {
  readonly part: Part;
  readonly model: DeviceModel;
}

/** Runs the stages one after the other; values between them are tensors in host memory. */
class HeteroRequest implements DeviceRequest {
  readonly #model: Model;
  readonly #stages: readonly { readonly part: Part; readonly request: DeviceRequest }[];
  readonly states: readonly VariableState[];

  constructor(model: Model, stages: readonly Stage[]) {
    this.#model = model;
    this.#stages = stages.map(({ part, model: compiled }) => ({ part, request: compiled.createRequest() }));
    this.states = this.#stages.flatMap((s) => [...(s.request.states ?? [])]);
  }

  async run(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[], options: RunOptions): Promise<readonly Tensor[]> {
    const values = this.#start(inputs);
    for (const { part, request } of this.#stages) {
      const results = await request.run(
        part.inputs.map((v) => values.get(v) as Tensor),
        part.outputs.map(() => undefined),
        options,
      );
      part.outputs.forEach((v, i) => values.set(v, results[i] as Tensor));
    }
    return this.#finish(values, outputs);
  }

  runSync(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[]): readonly Tensor[] {
    const values = this.#start(inputs);
    for (const { part, request } of this.#stages) {
      if (!request.runSync) throw new CuveeError('SYNC_UNAVAILABLE', `device ${part.label} runs asynchronously only`);
      const results = request.runSync(
        part.inputs.map((v) => values.get(v) as Tensor),
        part.outputs.map(() => undefined),
      );
      part.outputs.forEach((v, i) => values.set(v, results[i] as Tensor));
    }
    return this.#finish(values, outputs);
  }

  #start(inputs: readonly Tensor[]): Map<Value, Tensor> {
    return new Map(this.#model.inputs.map((v, i) => [v, inputs[i] as Tensor]));
  }

  #finish(values: ReadonlyMap<Value, Tensor>, given: readonly (Tensor | undefined)[]): readonly Tensor[] {
    return this.#model.results.map((r, i) => {
      const tensor = values.get(r.input(0)) ?? constantTensor(r.input(0));
      const mine = given[i];
      if (!mine || mine.type !== tensor.type || mine.shape.join() !== tensor.shape.join()) return tensor;
      mine.data = tensor.data;
      return mine;
    });
  }

  /** Of all stages, in order. */
  profile(): readonly NodeProfile[] {
    return this.#stages.flatMap((s) => [...(s.request.profile?.() ?? [])]);
  }

  release(): void {
    for (const s of this.#stages) s.request.release();
  }
}

/** A result that is a constant belongs to no part. */
function constantTensor(value: Value): Tensor {
  const literal = value.fact.value;
  if (!literal) throw new CuveeError('INTERNAL', `HETERO did not compute "${value.label}"`, { node: value.node.name });
  return new Tensor(literal.type, literal.shape, literal.storage);
}

function compile(model: Model, config: Config, options: CompileOptions): Awaitable<DeviceModel> {
  return after(assign(model, config, options), (assigned) => {
    const homeless = [...assigned].filter(([node, a]) => a.device === undefined && node.op.name !== 'Constant');
    if (homeless.length > 0) {
      const [node, { reason }] = homeless[0] as [Node, { reason: string }];
      throw new CuveeError(
        'MODEL_UNSUPPORTED',
        `no device of HETERO runs ${node.op.name} "${node.name}" (${reason})${homeless.length > 1 ? ` and ${homeless.length - 1} other nodes` : ''}`,
        { op: node.op.name, node: node.name },
      );
    }
    const stages: Stage[] = [];
    const next = ([part, ...rest]: readonly Part[]): Awaitable<DeviceModel> =>
      part === undefined
        ? joined(model, stages)
        : attempt(
            () => options.host.compile(part.model, part.label, innerConfig(config, part.label, options.host), options),
            (compiled) => {
              stages.push({ part, model: compiled });
              return next(rest);
            },
            (error) => {
              for (const s of stages) s.model.release();
              throw error;
            },
          );
    return next(splitModel(model, (node) => assigned.get(node)?.device as string));
  });
}

function joined(model: Model, stages: readonly Stage[]): DeviceModel {
  return {
    createRequest: () => new HeteroRequest(model, stages),
    info: { optimalRequests: 1, executionDevices: [...new Set(stages.flatMap((s) => [...s.model.info.executionDevices]))] },
    explain: () => ({
      summary: { device: 'HETERO', parts: stages.length },
      rows: stages.map(({ part }, i) => ({
        part: i,
        device: part.label,
        nodes: part.nodes.length,
        inputs: part.inputs.length,
        outputs: part.outputs.length,
        first: part.nodes[0]?.name ?? '',
      })),
    }),
    release() {
      for (const s of stages) s.model.release();
    },
  };
}

/** `new Core({ plugins: [hetero(), cpu(), reference()] })`. */
export const hetero = (): DevicePlugin => ({
  name: 'HETERO',
  version: '0.1.0',
  meta: true,
  properties: {
    PERFORMANCE_HINT: {
      type: 'enum',
      mutability: 'RW',
      words: ['LATENCY', 'THROUGHPUT', 'CUMULATIVE_THROUGHPUT'],
      description: 'What to be fast at; handed to every device that knows it',
    },
    EXECUTION_MODE_HINT: {
      type: 'enum',
      mutability: 'RW',
      words: ['PERFORMANCE', 'ACCURACY'],
      description: 'Speed or accuracy; handed to every device that knows it',
    },
    INFERENCE_NUM_THREADS: { type: 'int', mutability: 'RW', min: 0, description: 'Compute threads of each device that has such' },
    INFERENCE_PRECISION_HINT: {
      type: 'text',
      mutability: 'RW',
      description: 'Type of the arithmetic; handed to every device that knows it',
    },
    PERF_COUNT: { type: 'bool', mutability: 'RW', description: 'Measure every step of every inference' },
  },
  devices: () => [{ id: '', fullName: 'One model over several devices' }],
  keeps: () => true,
  query: (model, config, options) =>
    after(
      assign(model, config, options),
      (assigned): Support => new Map([...assigned].map(([node, a]) => [node, a.device ? true : a.reason])),
    ),
  compile,
});

export default hetero;
