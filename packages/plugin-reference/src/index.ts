/** @file Device REFERENCE: runs every operation by its room's `evaluate`. Slow, plain, right: the oracle, and a plugin to copy. */
import {
  CuveeError,
  interpret,
  Tensor,
  type DeviceModel,
  type DevicePlugin,
  type DeviceRequest,
  type Model,
  type NdArray,
  type Node,
  type NodeProfile,
  type RunOptions,
  type Support,
  type VariableState,
} from '@cuvee/core';

/** Why a node cannot run here, or undefined. */
const refusal = (node: Node): string | undefined =>
  node.op.evaluate || node.op.name === 'Parameter' ? undefined : 'no reference evaluation';

const toArray = (tensor: Tensor): NdArray => ({ type: tensor.type, shape: tensor.shape, data: tensor.values() });
const toTensor = ({ type, shape, data }: NdArray): Tensor => Tensor.from(type, shape, data);

/** One stream of inferences with its states. */
class ReferenceRequest implements DeviceRequest {
  readonly #model: Model;
  readonly #variables = new Map<string, NdArray>();
  readonly states: readonly VariableState[];
  #profile: NodeProfile[] = [];

  constructor(model: Model) {
    this.#model = model;
    const names = new Set(model.nodes().flatMap((n) => (typeof n.attributes.variable_id === 'string' ? [n.attributes.variable_id] : [])));
    this.states = [...names].map(
      (name): VariableState => ({
        name,
        get: () => {
          const value = this.#variables.get(name);
          if (!value) throw new CuveeError('ARGUMENT_INVALID', `state "${name}" has no value before the first inference`);
          return toTensor(value);
        },
        set: (value) => void this.#variables.set(name, toArray(value)),
        reset: () => void this.#variables.delete(name),
      }),
    );
  }

  async run(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[], { signal }: RunOptions): Promise<readonly Tensor[]> {
    await new Promise((resolve) => setTimeout(resolve));
    return this.#run(inputs, outputs, signal);
  }

  runSync(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[]): readonly Tensor[] {
    return this.#run(inputs, outputs, undefined);
  }

  #run(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[], signal: AbortSignal | undefined): readonly Tensor[] {
    const profile: NodeProfile[] = [];
    const around = (node: Node, work: () => readonly NdArray[]): readonly NdArray[] => {
      signal?.throwIfAborted();
      const start = performance.now();
      const result = work();
      profile.push({ name: node.name, type: node.op.name, kernel: 'evaluate', microseconds: (performance.now() - start) * 1000 });
      return result;
    };
    const results = interpret(this.#model, inputs.map(toArray), { variables: this.#variables, around }).map(toTensor);
    this.#profile = profile;
    return results.map((result, i) => place(result, outputs[i]));
  }

  profile(): readonly NodeProfile[] {
    return this.#profile;
  }

  release(): void {
    this.#variables.clear();
  }
}

/** Into the caller's tensor, when it gave one that fits. */
function place(result: Tensor, given: Tensor | undefined): Tensor {
  if (!given || given.type !== result.type || given.shape.join() !== result.shape.join()) return result;
  given.data = result.data;
  return given;
}

/** `new Core({ plugins: [reference()] })`. */
export const reference = (): DevicePlugin => ({
  name: 'REFERENCE',
  version: '0.1.0',
  properties: {},
  devices: () => [{ id: '', fullName: 'Reference interpreter', capabilities: ['FP32', 'FP16', 'BF16', 'INT8', 'FP64'] }],
  keeps: ({ op }) => op.evaluate !== undefined,
  query: (model): Support => new Map(model.nodes().map((node) => [node, refusal(node) ?? true])),
  compile(model): DeviceModel {
    const refused = model.nodes().find((n) => refusal(n) !== undefined);
    if (refused)
      throw new CuveeError('MODEL_UNSUPPORTED', `device REFERENCE cannot run ${refused.op.name} "${refused.name}": ${refusal(refused)}`, {
        op: refused.op.name,
        node: refused.name,
      });
    return {
      createRequest: () => new ReferenceRequest(model),
      info: { optimalRequests: 1, executionDevices: ['REFERENCE'] },
      release: () => undefined,
    };
  },
  costs: () => ({ transferBytesPerSecond: Number.POSITIVE_INFINITY, launchSeconds: 1e-5, flopsPerSecond: 1e8 }),
});

export default reference;
