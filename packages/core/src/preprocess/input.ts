/** @file An input of a model: what the user's tensors are like, the steps, and the new inputs made of both. */
import { expectNothing } from '../calls.js';
import { CuveeError } from '../errors.js';
import type { Node, Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { PartialShape, type Range } from '../shape/index.js';
import type { ElementType } from '../tensor/element.js';
import { planeShape, planesOf, type ColorFormat } from './color.js';
import { toLayout } from './geometry.js';
import { inverse, Layout, permutation, permuted, surplus } from './layout.js';
import { layoutOf, withLayout } from './node-layout.js';
import { run, type State, type Step, type Target } from './state.js';
import { PreProcessSteps } from './steps.js';
import { InputModelInfo, InputTensorInfo, type TensorSettings } from './tensor-info.js';
import { toType } from './values.js';

/** One input: `tensor()` is what the user gives, `preprocess()` the steps, `model()` what the model takes. */
export class InputInfo {
  readonly #tensor: InputTensorInfo;
  readonly #steps: PreProcessSteps;
  readonly #model: InputModelInfo;

  constructor(tensor: TensorSettings, steps: Step[], model: TensorSettings) {
    this.#tensor = new InputTensorInfo(tensor);
    this.#steps = new PreProcessSteps(steps);
    this.#model = new InputModelInfo(model);
  }
  /** What the user gives. */
  tensor(...extra: never[]): InputTensorInfo {
    expectNothing('tensor', extra);
    return this.#tensor;
  }
  /** The steps between. */
  preprocess(...extra: never[]): PreProcessSteps {
    expectNothing('preprocess', extra);
    return this.#steps;
  }
  /** What the model takes. */
  model(...extra: never[]): InputModelInfo {
    expectNothing('model', extra);
    return this.#model;
  }
}

/** What was said of one input, and its Parameter. */
export class InputPlan {
  readonly tensor: TensorSettings = {};
  readonly steps: Step[] = [];
  readonly model: TensorSettings = {};
  readonly parameter: Node;
  readonly info: InputInfo;

  constructor(parameter: Node) {
    this.parameter = parameter;
    this.info = new InputInfo(this.tensor, this.steps, this.model);
  }

  /** Whether nothing was said. */
  get untouched(): boolean {
    return this.steps.length === 0 && [this.tensor, this.model].every((settings) => Object.keys(settings).length === 0);
  }

  /** New parameters, and the value that takes the old one's place. Throws CuveeError naming the input and the step. */
  build(g: Builder, taken: ReadonlySet<string>): { readonly parameters: readonly Value[]; readonly value: Value } {
    const old = this.parameter.output;
    try {
      const { color, type, layout, dims, target } = this.#start();
      const parameters = Array.from({ length: planesOf(color) }, (_, plane) => {
        const shape = PartialShape.from(planeShape(color, plane, dims, layout));
        return this.#parameter(g, plane, type, shape, layout, taken);
      });
      const end = run(g, { planes: parameters, layout, color }, this.steps, target);
      return { parameters, value: this.#finish(g, end, target) };
    } catch (error) {
      throw CuveeError.wrap(`preprocessing of input "${old.anyName}"`, error, 'ARGUMENT_INVALID', { node: this.parameter.name });
    }
  }

  /** Colours, type, layout and shape of the picture that the user gives, and where the steps lead. */
  #start(): {
    readonly color: ColorFormat;
    readonly type: ElementType;
    readonly layout: Layout;
    readonly dims: readonly Range[] | undefined;
    readonly target: Target;
  } {
    const { tensor } = this;
    const old = this.parameter.output;
    const modelShape = old.partialShape;
    const color = tensor.color ?? 'UNDEFINED';
    let layout = tensor.layout ?? new Layout(color === 'UNDEFINED' ? '' : 'NHWC');
    let modelLayout = this.model.layout ?? layoutOf(this.parameter);
    if (modelLayout.isEmpty && tensor.layout) modelLayout = this.#propagated(layout);
    let dims = modelShape.dimensions;
    if (!layout.isEmpty && !modelLayout.isEmpty && !layout.equals(modelLayout)) {
      dims = inLayout(modelShape, modelLayout, layout);
    } else {
      const [shape, found] = this.#backwards(tensor.shape ?? modelShape, modelLayout);
      dims = shape;
      if (layout.isEmpty) layout = found;
    }
    if (tensor.shape) dims = tensor.shape.dimensions;
    else if (tensor.spatial) dims = spatially(dims, layout, tensor.spatial);
    const target: Target = { layout: modelLayout, type: old.elementType, shape: modelShape };
    return { color, type: tensor.type ?? old.elementType, layout, dims, target };
  }

  /** The layout after the steps that change it. */
  #propagated(layout: Layout): Layout {
    return this.steps.reduce((now, { layout: to, order }) => (order ? permuted(now, order) : (to ?? now)), layout);
  }

  /** Shape and layout before the steps that permute axes, from those after them. */
  #backwards({ dimensions }: PartialShape, after: Layout): readonly [readonly Range[] | undefined, Layout] {
    if (!dimensions) return [undefined, after];
    return this.steps.reduceRight<readonly [readonly Range[], Layout]>(
      ([dims, layout], { order }) => {
        if (!order) return [dims, layout];
        const back = inverse(order);
        const outside = order.find((p) => p >= dims.length);
        if (outside !== undefined) throw new CuveeError('ARGUMENT_INVALID', `convert dimension ${outside} is out of bounds`);
        return [back.map((p) => dims[p] as Range), permuted(layout, back)];
      },
      [dimensions, after],
    );
  }

  #parameter(g: Builder, plane: number, type: ElementType, shape: PartialShape, layout: Layout, taken: ReadonlySet<string>): Value {
    const old = this.parameter;
    const sub = this.tensor.planeNames?.[plane];
    const single = planesOf(this.tensor.color ?? 'UNDEFINED') === 1;
    const value = g.parameter(type, shape.toString());
    if (single || sub !== undefined) {
      const suffix = sub === undefined ? '' : `/${sub}`;
      value.node.name = old.name + suffix;
      value.names = old.output.names.map((n) => n + suffix);
    }
    const clash = sub === undefined ? undefined : value.names.find((n) => taken.has(n));
    if (clash)
      throw new CuveeError(
        'ARGUMENT_INVALID',
        `plane input with name '${clash}' - name already exists in model: choose another sub-name for setColorFormat`,
      );
    withLayout(value.node, layout, old.rtInfo);
    return value;
  }

  /** The implicit steps at the end, and the check that the model can take the result. */
  #finish(g: Builder, end: State, target: Target): Value {
    const { planes, color } = end;
    if (planes.length !== 1)
      throw new CuveeError(
        'ARGUMENT_INVALID',
        `multiple plane input is not allowed as model input; current format is '${color}': consider convertColor`,
      );
    if (!['RGB', 'BGR', 'GRAY', 'UNDEFINED'].includes(color))
      throw new CuveeError('ARGUMENT_INVALID', `model shall have RGB/BGR/GRAY color format, not '${color}': consider convertColor`);
    const implicit = [toType(target.type), ...(target.layout.isEmpty || target.layout.equals(end.layout) ? [] : [toLayout(target.layout)])];
    const value = run(g, end, implicit, target).planes[0] as Value;
    if (target.shape && !value.partialShape.compatible(target.shape))
      throw new CuveeError(
        'SHAPE_MISMATCH',
        `resulting shape '${value.partialShape}' after preprocessing is not aligned with original parameter's shape: ${target.shape}`,
      );
    return value;
  }
}

/** The model's shape as a tensor of another layout has it. */
function inLayout(shape: PartialShape, from: Layout, to: Layout): readonly Range[] | undefined {
  const gone = surplus(from, to);
  const kept = shape.dimensions?.filter((_, i) => !gone?.includes(i));
  if (gone && shape.rank !== undefined && shape.rank !== from.rank)
    throw new CuveeError('ARGUMENT_INVALID', `model input layout ${from} is inconsistent with input shape ${shape}`);
  const left = gone ? Layout.of(from.left.filter((_, i) => !gone.includes(i))) : from;
  const order = permutation(left, to, kept?.length);
  return order && kept ? order.map((p) => kept[p] as Range) : kept;
}

function spatially(dims: readonly Range[] | undefined, layout: Layout, spatial: NonNullable<TensorSettings['spatial']>): readonly Range[] {
  if (!dims) throw new CuveeError('ARGUMENT_INVALID', 'a spatial shape is not supported for a fully dynamic shape');
  const axes = ['H', 'W'].map((name) => layout.axis(name, dims.length, 'spatial shape'));
  return dims.map((d, i): Range => {
    const which = axes.indexOf(i);
    if (which < 0) return d;
    const size = spatial === 'dynamic' ? undefined : (spatial[which] as number);
    return size === undefined ? [0, Infinity] : [size, size];
  });
}
