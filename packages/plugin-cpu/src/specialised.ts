/**
 * @file Models that a plan for all inputs cannot be made for, as a tensor's rank, or the axes of an operation that only decomposes at known
 * ones, depend on the inputs: a plan for each set of input shapes, or of small integer inputs, that comes.
 */
import {
  applyPatch,
  bitsOf,
  builder,
  cloneModel,
  CuveeError,
  decompose,
  isInteger,
  Literal,
  type DeviceModel,
  type DeviceRequest,
  type Explanation,
  type Model,
  type ModelInfo,
  type Node,
  type NodeProfile,
  type RunOptions,
  type Tensor,
  type Value,
} from '@cuvee/core';
import { prepare, refusals } from './compile/compile.js';
import { keeps } from './compile/keeps.js';
import { loweringOf } from './lower/index.js';

/** Plans kept at the same time. */
const most = 8;
/** Integer inputs of up to this many elements may decide ranks (axes of a Squeeze). */
const fewElements = 16;

const rankReason = /unknown rank|rank is unknown/;

/** Whether a node has an integer input that a parameter of the model decides. */
function decidedByInput(node: Node): boolean {
  const seen = new Set<Value>();
  const stack = node.inputs.filter((v): v is Value => v !== undefined && isInteger(v.fact.type));
  for (let v = stack.pop(); v; v = stack.pop()) {
    if (seen.has(v)) continue;
    seen.add(v);
    if (v.node.op.name === 'Parameter') return isInteger(v.fact.type);
    stack.push(...v.node.inputs.filter((x): x is Value => x !== undefined && isInteger(x.fact.type)));
  }
  return false;
}

const decomposesByInput = (node: Node): boolean => node.op.decompose !== undefined && decidedByInput(node);

const undecided = ({ node, reason }: { readonly node: Node; readonly reason: string }): boolean =>
  rankReason.test(reason) || (reason === 'no kernel' && decomposesByInput(node));

/** Whether nothing but shapes or values of inputs stands between this model and a plan. */
export function dependsOnInputs(model: Model): boolean {
  const open = (n: Node): boolean => n.outputs.some((v) => v.fact.shape === undefined) || (!loweringOf(n.op) && decomposesByInput(n));
  if (!model.nodes().some(open)) return false;
  if (model.sinks.length > 0 || model.nodes().some((n) => n.op.traits.variable || n.outputs.some((v) => v.fact.type === 'string')))
    return false;
  const { model: copy } = cloneModel(model);
  prepare(copy);
  const reasons = refusals(copy);
  const lost = reasons.some(({ node, reason }) => reason === 'no kernel' && !node.op.decompose);
  return !lost && reasons.some(undecided);
}

/** A copy whose inputs have these shapes and, `byValue`, whose small integer inputs are constants. */
function specialise(model: Model, inputs: readonly Tensor[], byValue: boolean): Model {
  const { model: copy } = cloneModel(model);
  // values first: they may rule out a branch that does not fit the shapes
  if (byValue) {
    const g = builder(copy.scope);
    inputs.forEach((tensor, i) => {
      const own = copy.inputs[i];
      if (own && own.users.size > 0 && decides(tensor))
        applyPatch(
          copy,
          [[own, g.constant(Literal.of(tensor.type, tensor.shape, tensor.data.slice() as Tensor['data']))]],
          'a known input',
        );
    });
  }
  copy.reshape(new Map(inputs.map((tensor, i) => [i, tensor.shape])));
  decompose(copy, keeps);
  return copy;
}

const decides = (tensor: Tensor): boolean =>
  (isInteger(tensor.type) || tensor.type === 'boolean') && bitsOf(tensor.type) >= 8 && tensor.size <= fewElements;

/** Compiles when shapes come; a plan serves all later runs with the same ones. */
export class SpecialisedModel implements DeviceModel {
  readonly info: ModelInfo;
  readonly #model: Model;
  readonly #compile: (model: Model) => DeviceModel;
  readonly #write: (model: Model) => Iterable<Uint8Array>;
  readonly #plans = new Map<string, DeviceModel>();
  #byValue = false;

  /** `compile` owns the model that it is given; `write` makes a blob of the one that is kept. */
  constructor(model: Model, info: ModelInfo, compile: (model: Model) => DeviceModel, write: (model: Model) => Iterable<Uint8Array>) {
    this.#write = write;
    this.#model = model;
    this.info = info;
    this.#compile = compile;
  }

  createRequest(): DeviceRequest {
    return new SpecialisedRequest((inputs) => this.#planFor(inputs));
  }

  save(): Iterable<Uint8Array> {
    return this.#write(this.#model);
  }

  /** The plan for inputs like these. Throws MODEL_UNSUPPORTED when there is none even then. */
  #planFor(inputs: readonly Tensor[]): DeviceModel {
    const key = this.#key(inputs);
    const known = this.#plans.get(key);
    if (known) {
      this.#plans.delete(key);
      this.#plans.set(key, known);
      return known;
    }
    try {
      const plan = this.#compile(specialise(this.#model, inputs, this.#byValue));
      this.#plans.set(key, plan);
      for (const [oldest, old] of this.#plans) {
        if (this.#plans.size <= most) break;
        this.#plans.delete(oldest);
        old.release();
      }
      return plan;
    } catch (error) {
      // a branch that only a value rules out need not fit these shapes
      const mayHelp = error instanceof CuveeError && (error.code === 'SHAPE_MISMATCH' || error.code === 'MODEL_UNSUPPORTED');
      if (this.#byValue || !mayHelp || !inputs.some(decides)) throw error;
      this.#byValue = true;
      this.#releaseAll();
      return this.#planFor(inputs);
    }
  }

  #key(inputs: readonly Tensor[]): string {
    return inputs
      .map((t) => `${t.shape.join()}${this.#byValue && decides(t) ? `:${Array.from(t.data as ArrayLike<unknown>).join()}` : ''}`)
      .join(';');
  }

  explain(): Explanation {
    const latest = [...this.#plans.values()].pop()?.explain?.();
    return {
      summary: { ...(latest?.summary ?? { device: 'CPU' }), 'plans by input shapes': this.#plans.size },
      rows: latest?.rows ?? [],
    };
  }

  #releaseAll(): void {
    for (const plan of this.#plans.values()) plan.release();
    this.#plans.clear();
  }

  release(): void {
    this.#releaseAll();
  }
}

/** Holds a request of every plan that it used lately. */
class SpecialisedRequest implements DeviceRequest {
  readonly #planFor: (inputs: readonly Tensor[]) => DeviceModel;
  readonly #requests = new Map<DeviceModel, DeviceRequest>();
  #latest: DeviceRequest | undefined;

  constructor(planFor: (inputs: readonly Tensor[]) => DeviceModel) {
    this.#planFor = planFor;
  }

  #requestFor(inputs: readonly Tensor[]): DeviceRequest {
    const plan = this.#planFor(inputs);
    const request = this.#requests.get(plan) ?? plan.createRequest();
    this.#requests.delete(plan);
    this.#requests.set(plan, request);
    for (const [oldest, old] of this.#requests) {
      if (this.#requests.size <= most) break;
      this.#requests.delete(oldest);
      old.release();
    }
    this.#latest = request;
    return request;
  }

  async run(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[], options: RunOptions): Promise<readonly Tensor[]> {
    return this.#requestFor(inputs).run(inputs, outputs, options);
  }

  runSync(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[]): readonly Tensor[] {
    const request = this.#requestFor(inputs);
    return (request.runSync as NonNullable<DeviceRequest['runSync']>).call(request, inputs, outputs);
  }

  profile(): readonly NodeProfile[] {
    return this.#latest?.profile?.() ?? [];
  }

  release(): void {
    for (const request of this.#requests.values()) request.release();
    this.#requests.clear();
  }
}
