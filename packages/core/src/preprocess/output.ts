/** @file An output of a model: the steps, and what the user's tensors are like. */
import { expectNothing } from '../calls.js';
import { CuveeError } from '../errors.js';
import type { Node, Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { toLayout } from './geometry.js';
import { Layout } from './layout.js';
import { layoutOf, withLayout } from './node-layout.js';
import { run, type Step, type Target } from './state.js';
import { PostProcessSteps } from './steps.js';
import { OutputModelInfo, OutputTensorInfo, type TensorSettings } from './tensor-info.js';
import { toType } from './values.js';

/** One output: `model()` is what the model gives, `postprocess()` the steps, `tensor()` what the user gets. */
export class OutputInfo {
  readonly #tensor: OutputTensorInfo;
  readonly #steps: PostProcessSteps;
  readonly #model: OutputModelInfo;

  constructor(tensor: TensorSettings, steps: Step[], model: TensorSettings) {
    this.#tensor = new OutputTensorInfo(tensor);
    this.#steps = new PostProcessSteps(steps);
    this.#model = new OutputModelInfo(model);
  }
  /** What the user gets. */
  tensor(...extra: never[]): OutputTensorInfo {
    expectNothing('tensor', extra);
    return this.#tensor;
  }
  /** The steps between. */
  postprocess(...extra: never[]): PostProcessSteps {
    expectNothing('postprocess', extra);
    return this.#steps;
  }
  /** What the model gives. */
  model(...extra: never[]): OutputModelInfo {
    expectNothing('model', extra);
    return this.#model;
  }
}

/** What was said of one output, and its Result. */
export class OutputPlan {
  readonly tensor: TensorSettings = {};
  readonly steps: Step[] = [];
  readonly model: TensorSettings = {};
  readonly result: Node;
  readonly info: OutputInfo;

  constructor(result: Node) {
    this.result = result;
    this.info = new OutputInfo(this.tensor, this.steps, this.model);
  }

  get untouched(): boolean {
    return this.steps.length === 0 && [this.tensor, this.model].every((settings) => Object.keys(settings).length === 0);
  }

  /** The value to return instead. The Result's layout becomes that of the user's tensor. Throws CuveeError naming output and step. */
  build(g: Builder): Value {
    const { tensor, result } = this;
    const source = result.input(0);
    const target: Target = { layout: tensor.layout ?? new Layout(), type: tensor.type, shape: undefined };
    const layout = this.model.layout ?? layoutOf(result);
    try {
      const end = run(g, { planes: [source], layout, color: this.model.color ?? 'UNDEFINED' }, this.steps, target);
      const moves = !target.layout.isEmpty && !target.layout.equals(end.layout);
      const last = run(g, end, [toType(target.type), ...(moves ? [toLayout(target.layout, false)] : [])], target);
      withLayout(result, last.layout);
      return last.planes[0] as Value;
    } catch (error) {
      throw CuveeError.wrap(`postprocessing of output "${result.output.anyName}"`, error, 'ARGUMENT_INVALID', { node: result.name });
    }
  }
}
