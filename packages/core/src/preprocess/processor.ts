/** @file PrePostProcessor: puts steps between the user's tensors and a model's inputs and outputs, as part of its graph. */
import { expectCount, expectNothing, wrongArguments } from '../calls.js';
import { CuveeError } from '../errors.js';
import type { Model } from '../ir/model.js';
import { exchange } from '../ir/exchange.js';
import type { Value } from '../ir/node.js';
import { builder } from '../opset/index.js';
import { InputPlan, type InputInfo } from './input.js';
import { OutputPlan, type OutputInfo } from './output.js';

/**
 * Makes preprocessing and postprocessing part of a model, so that every device runs and fuses it.
 *
 * Say what is known of inputs and outputs, then `build()`: the model is changed in place, all or nothing. Steps run in the order in
 * which they were added; where the user's tensor and the model still differ in element type or layout, a conversion of the one and
 * then of the other follows by itself.
 */
export class PrePostProcessor {
  /** The model, changed in place by `build()`. */
  readonly model: Model;
  readonly #inputs: readonly InputPlan[];
  readonly #outputs: readonly OutputPlan[];
  #built = false;

  /** Throws ARGUMENT_INVALID when given anything but a model. */
  constructor(model: Model, ...extra: never[]) {
    const given = [model, ...extra].slice(0, arguments.length);
    expectCount('PrePostProcessor', given, [1], ['(model: Model)']);
    if (!isModel(model)) throw wrongArguments('PrePostProcessor', given, ['(model: Model)']);
    this.model = model;
    this.#inputs = model.parameters.map((p) => new InputPlan(p));
    this.#outputs = model.results.map((r) => new OutputPlan(r));
  }

  /** An input by index or tensor name; without one, the only input. Throws ARGUMENT_INVALID. */
  input(...which: [idxOrTensorName?: number | string]): InputInfo {
    const { node } = find('input', which, this.model.inputs, (w) => this.model.input(w));
    return (this.#inputs.find((i) => i.parameter === node) as InputPlan).info;
  }

  /** An output by index or tensor name; without one, the only output. Throws ARGUMENT_INVALID. */
  output(...which: [idxOrTensorName?: number | string]): OutputInfo {
    const { node } = find('output', which, this.model.outputs, (w) => this.model.output(w));
    return (this.#outputs.find((o) => o.result === node) as OutputPlan).info;
  }

  /**
   * Changes the model and returns this, whose `model` it is. Once only. Throws ARGUMENT_INVALID or SHAPE_MISMATCH naming the input or
   * output and the step, and leaves the model as it was.
   */
  build(...extra: never[]): this {
    expectNothing('build', extra);
    if (this.#built) throw new CuveeError('ARGUMENT_INVALID', `"${this.model.name}" has been built with this PrePostProcessor already`);
    exchange(this.model, (change) => {
      const names = new Set(this.model.nodes().flatMap((n) => n.outputs.flatMap((v) => v.names)));
      const inputs = this.#inputs.filter((i) => !i.untouched);
      for (const input of inputs) change.input(input.parameter, (scope) => input.build(builder(scope), names));
      for (const output of this.#outputs) if (!output.untouched) change.output(output.result, (scope) => output.build(builder(scope)));
    });
    this.#built = true;
    return this;
  }
}

/** Whether it is a model, of this or another copy of this module: loaders may well make two. */
const isModel = (x: unknown): x is Model =>
  typeof x === 'object' && x !== null && 'parameters' in x && 'results' in x && 'nodes' in x && typeof x.nodes === 'function';

function find(method: string, which: readonly unknown[], all: readonly Value[], get: (which: number | string) => Value): Value {
  const allowed = ['()', '(index: number)', '(name: string)'];
  expectCount(method, which, [0, 1], allowed);
  const [key] = which;
  if (which.length === 0) {
    if (all.length === 1) return all[0] as Value;
    throw new CuveeError('ARGUMENT_INVALID', `PrePostProcessor.${method}() - the model must have exactly one ${method}, got ${all.length}`);
  }
  if (typeof key !== 'number' && typeof key !== 'string') throw wrongArguments(method, which, allowed, 'Invalid parameter.');
  return get(typeof key === 'number' ? Math.trunc(key) : key);
}
