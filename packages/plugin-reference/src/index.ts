/** @file Device REFERENCE: runs every operation by its room's `evaluate`. Slow, plain, right: the oracle, and a plugin to copy. */
import {
  atOnce,
  CuveeError,
  interpreting,
  paced,
  placed,
  requireSupport,
  supportBy,
  Tensor,
  type DeviceModel,
  type DevicePlugin,
  type DeviceRequest,
  type Model,
  type NdArray,
  type Node,
  type NodeProfile,
  type RunOptions,
  type Steps,
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

  async run(
    inputs: readonly Tensor[],
    outputs: readonly (Tensor | undefined)[],
    { signal, behind }: RunOptions,
  ): Promise<readonly Tensor[]> {
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    return paced(this.#running(inputs, outputs), signal, behind ? 1 : true);
  }

  runSync(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[]): readonly Tensor[] {
    return atOnce(this.#running(inputs, outputs));
  }

  *#running(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[]): Steps<readonly Tensor[]> {
    const profile: NodeProfile[] = [];
    const around = (node: Node, work: () => readonly NdArray[]): readonly NdArray[] => {
      const start = performance.now();
      const result = work();
      profile.push({ name: node.name, type: node.op.name, kernel: 'evaluate', microseconds: (performance.now() - start) * 1000 });
      return result;
    };
    const results = yield* interpreting(this.#model, inputs.map(toArray), { variables: this.#variables, around });
    this.#profile = profile;
    // arrays may be an input's or a constant's
    return results.map((result, i) => (outputs[i] ? placed(toTensor(result), outputs[i]) : toTensor(result).slice()));
  }

  profile(): readonly NodeProfile[] {
    return this.#profile;
  }

  release(): void {
    this.#variables.clear();
  }
}

/** `new Core({ plugins: [reference()] })`. */
export const reference = (): DevicePlugin => ({
  name: 'REFERENCE',
  version: '0.1.0',
  properties: {},
  devices: () => [{ id: '', fullName: 'Reference interpreter', capabilities: ['FP32', 'FP16', 'BF16', 'INT8', 'FP64'] }],
  keeps: ({ op }) => op.evaluate !== undefined,
  query: (model) => supportBy(model, refusal),
  compile(model): DeviceModel {
    requireSupport('REFERENCE', model, refusal);
    return {
      createRequest: () => new ReferenceRequest(model),
      info: { optimalRequests: 1, executionDevices: ['REFERENCE'] },
      release: () => undefined,
    };
  },
  costs: () => ({ transferBytesPerSecond: Number.POSITIVE_INFINITY, launchSeconds: 1e-5, flopsPerSecond: 1e8, nodeSeconds: 2e-5 }),
});

export default reference;
